SELECT count(*) FROM trade_purchase
WHERE address_key = %s AND state IN ('awaiting_payment', 'closing')
