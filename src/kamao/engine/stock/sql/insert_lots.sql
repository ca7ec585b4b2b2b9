INSERT INTO stock_lot (id, offer, supplier, sku, wrapped_key, source, unit_cost_e4, created_at)
SELECT t.id, t.offer, t.supplier, t.sku, t.wrapped_key, t.source, t.unit_cost_e4, %s::timestamptz
FROM unnest(%s::uuid[], %s::uuid[], %s::uuid[], %s::uuid[], %s::bytea[], %s::text[], %s::bigint[])
    AS t (id, offer, supplier, sku, wrapped_key, source, unit_cost_e4)
