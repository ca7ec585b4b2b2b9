SELECT id FROM trade_order
WHERE state = 'delivered' AND disputes_open = 0 AND settles_at <= %s
ORDER BY settles_at
LIMIT %s
