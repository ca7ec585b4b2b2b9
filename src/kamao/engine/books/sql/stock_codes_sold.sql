-- Each sold code belongs to exactly one standing delivery, of the order that holds it; nothing else was
-- handed over.
SELECT coalesce(c.id, d.item), coalesce(c.holder::text, 'not sold'), coalesce(d.orders, 'not delivered')
FROM (SELECT id, holder FROM stock_code WHERE state = 'sold') AS c
FULL JOIN (
    SELECT item, count(*) AS count, string_agg(order_id::text, ',') AS orders
    FROM trade_delivery WHERE kind = 'code' AND lot IS NOT NULL GROUP BY item) AS d ON d.item = c.id
WHERE c.id IS NULL OR d.item IS NULL OR d.count <> 1 OR d.orders <> c.holder::text
