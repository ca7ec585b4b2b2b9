INSERT INTO pricing_sku (id, code, kind, currency, categories, min_quantity, max_quantity, multiple,
    official_price_e4,
    target_required, promise_s, promise_id, status, updated_at)
SELECT t.id, t.code, t.kind, t.currency, t.categories::uuid[], t.min_quantity, t.max_quantity, t.multiple,
    t.official_price_e4, t.target_required, t.promise_s, t.promise_id, t.status, %s::timestamptz
FROM unnest(%s::uuid[], %s::text[], %s::text[], %s::text[], %s::text[], %s::integer[], %s::integer[],
    %s::integer[],
    %s::bigint[], %s::boolean[], %s::integer[], %s::uuid[], %s::text[])
    AS t (id, code, kind, currency, categories, min_quantity, max_quantity, multiple, official_price_e4,
        target_required, promise_s, promise_id, status)
ON CONFLICT (id) DO UPDATE SET
    code = excluded.code, kind = excluded.kind, currency = excluded.currency,
        categories = excluded.categories,
    min_quantity = excluded.min_quantity, max_quantity = excluded.max_quantity, multiple = excluded.multiple,
    official_price_e4 = excluded.official_price_e4, target_required = excluded.target_required,
    promise_s = excluded.promise_s, promise_id = excluded.promise_id, status = excluded.status,
    updated_at = excluded.updated_at
