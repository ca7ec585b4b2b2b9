SELECT d.order_id, d.item, d.kind, CASE WHEN d.kind = 'code' THEN d.item END, d.lot,
    coalesce(l.wrapped_key, d.wrapped_key), coalesce(c.sealed, d.sealed), nullif(c.expires_at, 'infinity')
FROM trade_delivery AS d
LEFT JOIN stock_lot AS l ON l.id = d.lot
LEFT JOIN stock_code AS c ON c.id = d.item AND d.kind = 'code'
WHERE d.order_id = ANY (%s::uuid[]) AND d.superseded_at IS NULL
ORDER BY d.order_id, d.item
