SELECT code, id FROM pricing_sku WHERE code = ANY (%s::text[])
