INSERT INTO trade_order_funding (order_id, source, amount_minor)
SELECT t.order_id, t.source, t.amount_minor
FROM unnest(%s::uuid[], %s::uuid[], %s::bigint[]) AS t (order_id, source, amount_minor)
