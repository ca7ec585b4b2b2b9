SELECT id, merchant, reference, amount_minor, currency, state, expires_at, created_at, paid_at
FROM trade_purchase WHERE id = %s
