SELECT a.id, a.order_id, k.code, o.quantity - o.units_refunded, a.state, a.created_at, p.wrapped_key, p.sealed
FROM trade_attempt AS a
JOIN trade_order AS o ON o.id = a.order_id
JOIN pricing_sku AS k ON k.id = o.sku
LEFT JOIN trade_order_private AS p ON p.order_id = a.order_id
WHERE a.supplier = %s AND a.fulfilment = 'manual' AND a.state IN ('planned', 'sent', 'in_doubt')
    AND (%s::uuid IS NULL OR a.id > %s::uuid)
ORDER BY a.id
LIMIT %s
