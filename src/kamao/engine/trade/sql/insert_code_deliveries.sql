INSERT INTO trade_delivery (order_id, item, kind, lot, opening, created_at)
SELECT t.order_id, t.item, 'code', t.lot, t.opening, %s::timestamptz
FROM unnest(%s::uuid[], %s::uuid[], %s::uuid[], %s::bytea[]) AS t (order_id, item, lot, opening)
