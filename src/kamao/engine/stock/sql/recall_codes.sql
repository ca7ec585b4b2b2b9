UPDATE stock_code SET state = 'recalled' WHERE lot = %s AND state = 'free'
