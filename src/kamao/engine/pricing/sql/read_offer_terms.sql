SELECT id, supplier, settlement_delay_s, fulfilment FROM pricing_offer WHERE id = ANY (%s::uuid[])
