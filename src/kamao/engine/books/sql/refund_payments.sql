-- Refunds of a payment never exceed it, and the payment knows their sum.
SELECT p.id, coalesce(r.amount, 0), p.refunded_minor
FROM trade_payment AS p
LEFT JOIN (
    SELECT payment, sum(amount_minor)::bigint AS amount FROM trade_refund
    WHERE payment IS NOT NULL AND state <> 'unfunded' GROUP BY payment) AS r ON r.payment = p.id
WHERE p.refunded_minor <> coalesce(r.amount, 0) OR coalesce(r.amount, 0) > p.amount_minor
