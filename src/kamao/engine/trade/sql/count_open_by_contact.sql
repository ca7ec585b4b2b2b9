SELECT count(*) FROM trade_purchase
WHERE contact_key = %s AND state IN ('awaiting_payment', 'closing')
