SELECT id, supplier, sku FROM pricing_offer WHERE id = ANY (%s::uuid[])
