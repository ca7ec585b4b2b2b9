SELECT r.id, r.state, r.amount_minor, r.currency, p.provider, r.order_id
FROM trade_refund AS r
JOIN trade_payment AS p ON p.id = r.payment
WHERE r.id = ANY (%s::uuid[])
ORDER BY r.id
FOR UPDATE OF r
