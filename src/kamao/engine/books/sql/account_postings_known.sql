-- Both sides of every posting are accounts of the posting's currency.
SELECT p.id, p.currency, coalesce(d.currency, 'no account') || '/' || coalesce(c.currency, 'no account')
FROM ledger_posting AS p
LEFT JOIN ledger_account AS d ON d.id = p.debit
LEFT JOIN ledger_account AS c ON c.id = p.credit
WHERE d.currency IS DISTINCT FROM p.currency OR c.currency IS DISTINCT FROM p.currency
