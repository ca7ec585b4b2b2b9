UPDATE trade_purchase AS p SET state = 'closing'
WHERE p.id IN (
    SELECT id FROM trade_purchase
    WHERE state IN ('awaiting_payment', 'closing') AND expires_at <= %s
    ORDER BY expires_at LIMIT %s FOR UPDATE SKIP LOCKED)
RETURNING p.id, p.merchant, p.reference, p.amount_minor, p.currency, p.state, p.expires_at, p.created_at,
    p.paid_at
