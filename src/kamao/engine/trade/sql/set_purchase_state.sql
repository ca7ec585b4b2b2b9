UPDATE trade_purchase SET state = %s, paid_at = coalesce(%s, paid_at) WHERE id = ANY (%s::uuid[])
