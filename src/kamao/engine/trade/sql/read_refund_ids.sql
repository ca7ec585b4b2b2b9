SELECT id, amount_minor FROM trade_refund WHERE id = ANY (%s::uuid[])
