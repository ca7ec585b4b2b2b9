SELECT id, wrapped_key FROM stock_lot WHERE id = ANY (%s::uuid[])
