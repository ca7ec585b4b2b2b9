SELECT id, owner, currency, balance, pending, floor_minor, entry_no
FROM ledger_account
WHERE id = ANY (%s::uuid[])
ORDER BY id
FOR NO KEY UPDATE
