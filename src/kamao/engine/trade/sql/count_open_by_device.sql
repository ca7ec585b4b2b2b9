SELECT count(*) FROM trade_purchase
WHERE device_key = %s AND state IN ('awaiting_payment', 'closing')
