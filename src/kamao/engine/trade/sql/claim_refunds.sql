WITH due AS (
    SELECT id FROM trade_refund
    WHERE state = 'due' AND payment IS NOT NULL
    ORDER BY id LIMIT %s FOR UPDATE SKIP LOCKED)
UPDATE trade_refund AS r SET state = 'sent', sent_at = %s
FROM due WHERE r.id = due.id
RETURNING r.id
