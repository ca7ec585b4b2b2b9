-- Deliveries that stand are counted by their order; a delivered order lacks no unit that was not refunded.
SELECT o.id, o.delivered_quantity, coalesce(d.count, 0)
FROM trade_order AS o
LEFT JOIN (
    SELECT order_id, count(*) AS count FROM trade_delivery WHERE superseded_at IS NULL GROUP BY order_id) AS d
    ON d.order_id = o.id
WHERE o.delivered_quantity <> coalesce(d.count, 0)
    OR (o.state IN ('delivered', 'settled') AND o.delivered_quantity < o.quantity - o.units_refunded)
    OR (o.state IN ('awaiting_payment', 'awaiting_funds', 'paid', 'failed', 'cancelled')
        AND o.delivered_quantity <> 0)
