SELECT DISTINCT order_id FROM trade_attempt WHERE order_id = ANY (%s::uuid[]) AND state NOT IN ('planned',
    'dropped')
