SELECT id, code, kind, currency, categories, min_quantity, max_quantity, multiple, official_price_e4,
    target_required,
    promise_s, promise_id, status
FROM pricing_sku WHERE code = ANY (%s::text[])
