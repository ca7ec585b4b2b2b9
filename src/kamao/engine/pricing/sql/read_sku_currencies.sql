SELECT id, currency FROM pricing_sku WHERE id = ANY (%s::uuid[])
