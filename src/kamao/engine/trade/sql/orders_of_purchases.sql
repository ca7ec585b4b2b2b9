SELECT purchase, id FROM trade_order WHERE purchase = ANY (%s::uuid[]) ORDER BY purchase, id
