-- A purchase costs what its orders cost, and its orders follow its state.
SELECT p.id, p.amount_minor || ' ' || p.state, o.amount || ' ' || o.states
FROM trade_purchase AS p
JOIN (
    SELECT purchase, sum(amount_minor)::bigint AS amount, string_agg(DISTINCT state, ',') AS states,
        bool_or(state = 'awaiting_payment') AS waits, bool_and(state = 'cancelled') AS cancelled
    FROM trade_order WHERE purchase IS NOT NULL GROUP BY purchase) AS o ON o.purchase = p.id
WHERE p.amount_minor <> o.amount
    OR o.waits <> (p.state IN ('awaiting_payment', 'closing'))
    OR (p.state IN ('expired', 'cancelled') AND NOT o.cancelled)
