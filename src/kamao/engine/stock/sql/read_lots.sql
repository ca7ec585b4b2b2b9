SELECT id, offer FROM stock_lot WHERE id = ANY (%s::uuid[])
