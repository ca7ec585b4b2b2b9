-- An order is in the state that its latest event says.
WITH told AS (
    SELECT DISTINCT ON (order_id) order_id, after FROM (
        SELECT order_id, after, created_at, id FROM trade_event WHERE order_id IS NOT NULL
            AND after IS NOT NULL
        UNION ALL
        SELECT order_id, after, created_at, id FROM trade_pending_event WHERE order_id IS NOT NULL
            AND after IS NOT NULL) AS e
    ORDER BY order_id, created_at DESC, id DESC)
SELECT o.id, o.state, coalesce(t.after, 'no event')
FROM trade_order AS o
LEFT JOIN told AS t ON t.order_id = o.id
WHERE o.state <> coalesce(t.after, 'awaiting_payment')
