-- Every prepaid order has its reference, and every reference its order.
SELECT coalesce(o.id, r.order_id), 'one reference and one order', r.reference
FROM (SELECT id, merchant, reference FROM trade_order WHERE purchase IS NULL) AS o
FULL JOIN trade_reference AS r ON r.order_id = o.id
WHERE o.id IS NULL OR r.order_id IS NULL OR o.reference <> r.reference OR o.merchant <> r.merchant
