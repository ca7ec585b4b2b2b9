UPDATE stock_lot SET state = 'recalled' WHERE id = %s AND supplier = %s RETURNING id
