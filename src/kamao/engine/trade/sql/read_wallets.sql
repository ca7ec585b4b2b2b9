SELECT a.id, a.owner, a.currency, a.balance, a.pending, a.floor_minor, a.entry_no, m.level, m.status
FROM ledger_account AS a
JOIN trade_merchant AS m ON m.id = a.owner
WHERE a.owner = ANY (%s::uuid[]) AND a.kind = 'wallet'
ORDER BY a.id
