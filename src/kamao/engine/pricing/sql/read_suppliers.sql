SELECT id, settlement_delay_s FROM trade_supplier WHERE id = ANY (%s::uuid[])
