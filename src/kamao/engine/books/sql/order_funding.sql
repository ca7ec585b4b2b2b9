-- What funded an order adds up to what was captured.
SELECT o.id, o.captured_minor + o.subsidy_minor, coalesce(f.amount, 0)
FROM trade_order AS o
LEFT JOIN (SELECT order_id, sum(amount_minor)::bigint AS amount
    FROM trade_funding GROUP BY order_id) AS f
    ON f.order_id = o.id
WHERE o.captured_minor + o.subsidy_minor <> coalesce(f.amount, 0)
