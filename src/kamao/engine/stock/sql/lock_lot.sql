SELECT offer, wrapped_key FROM stock_lot WHERE id = %s AND state = 'open' FOR NO KEY UPDATE
