-- A paid purchase has exactly one captured payment of its amount; an unpaid one has none.
SELECT p.id, CASE WHEN p.state IN ('paid', 'refunded') THEN p.amount_minor ELSE 0 END, coalesce(t.amount, 0)
FROM trade_purchase AS p
LEFT JOIN (
    SELECT purchase, sum(amount_minor)::bigint AS amount, count(*) AS count
    FROM trade_payment WHERE state = 'captured' GROUP BY purchase) AS t ON t.purchase = p.id
WHERE CASE WHEN p.state IN ('paid', 'refunded') THEN p.amount_minor ELSE 0 END <> coalesce(t.amount, 0)
    OR coalesce(t.count, 0) > 1
