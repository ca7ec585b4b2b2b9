SELECT m.id, m.level, a.currency, -a.floor_minor, m.status
FROM trade_merchant AS m
JOIN ledger_account AS a ON a.owner = m.id AND a.kind = 'wallet'
WHERE m.id = %s
ORDER BY a.created_at, a.id LIMIT 1
