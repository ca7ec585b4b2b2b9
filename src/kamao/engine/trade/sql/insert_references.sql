INSERT INTO trade_reference (merchant, reference, order_id, content)
SELECT t.merchant, t.reference, t.order_id, t.content
FROM unnest(%s::uuid[], %s::text[], %s::uuid[], %s::bytea[]) AS t (merchant, reference, order_id, content)
