SELECT id, supplier FROM pricing_offer WHERE id = ANY (%s::uuid[])
