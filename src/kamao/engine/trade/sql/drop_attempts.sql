UPDATE trade_attempt SET state = 'dropped', closed_at = %s::timestamptz
WHERE order_id = ANY (%s::uuid[]) AND state = 'planned'
