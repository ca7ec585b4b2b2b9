SELECT r.id, r.payment, p.provider, p.provider_payment_no, r.amount_minor, p.amount_minor, r.currency,
    r.state,
    p.purchase, r.created_at
FROM trade_refund AS r
JOIN trade_payment AS p ON p.id = r.payment
WHERE r.id = ANY (%s::uuid[])
ORDER BY r.id
