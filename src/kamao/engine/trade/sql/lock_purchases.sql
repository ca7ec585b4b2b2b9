SELECT id, merchant, amount_minor, state, currency
FROM trade_purchase WHERE id = ANY (%s::uuid[]) ORDER BY id FOR UPDATE
