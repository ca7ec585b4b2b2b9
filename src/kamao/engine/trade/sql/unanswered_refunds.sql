SELECT id FROM trade_refund
WHERE state IN ('sent', 'in_doubt') AND sent_at <= %s
ORDER BY sent_at LIMIT %s
