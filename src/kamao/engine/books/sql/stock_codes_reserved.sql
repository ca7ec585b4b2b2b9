-- Reserved codes belong to orders that await payment, as many as were ordered; no reservation outlives its
-- purchase.
WITH reserved AS (SELECT holder, count(*) AS count FROM stock_code WHERE state = 'reserved' GROUP BY holder)
SELECT coalesce(r.holder, o.id), coalesce(o.quantity, 0), coalesce(r.count, 0)
FROM reserved AS r
FULL JOIN (
    SELECT t.id, t.quantity FROM trade_order AS t
    JOIN pricing_offer AS f ON f.id = t.offer AND f.fulfilment = 'stock'
    WHERE t.state = 'awaiting_payment') AS o ON o.id = r.holder
WHERE coalesce(o.quantity, 0) <> coalesce(r.count, 0)
