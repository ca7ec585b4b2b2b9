UPDATE trade_refund SET state = 'due' WHERE id = %s AND state = 'refused'
