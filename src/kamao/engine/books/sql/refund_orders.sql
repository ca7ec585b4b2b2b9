-- An order's refunds are its refund rows.
SELECT o.id, coalesce(r.amount, 0) || ' for ' || coalesce(r.units, 0),
    o.refunded_escrow_minor + o.refunded_settled_minor || ' for ' || o.units_refunded
FROM trade_order AS o
LEFT JOIN (
    SELECT order_id, sum(amount_minor)::bigint AS amount, sum(units) AS units FROM trade_refund
    WHERE order_id IS NOT NULL AND state <> 'unfunded' GROUP BY order_id) AS r ON r.order_id = o.id
WHERE o.refunded_escrow_minor + o.refunded_settled_minor <> coalesce(r.amount, 0)
    OR (o.amount_minor > 0 AND o.units_refunded < coalesce(r.units, 0))
