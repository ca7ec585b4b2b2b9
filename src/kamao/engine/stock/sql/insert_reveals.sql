INSERT INTO stock_reveal (order_id, actor, reason, created_at, id, code)
SELECT %s::uuid, %s::text, %s::text, %s::timestamptz, t.id, t.code
FROM unnest(%s::uuid[], %s::uuid[]) AS t (id, code)
