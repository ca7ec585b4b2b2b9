INSERT INTO trade_delivery (order_id, item, kind, wrapped_key, sealed, opening, created_at)
SELECT t.order_id, t.item, t.kind, t.wrapped_key, t.sealed, t.opening, %s::timestamptz
FROM unnest(%s::uuid[], %s::uuid[], %s::text[], %s::bytea[], %s::bytea[], %s::bytea[])
    AS t (order_id, item, kind, wrapped_key, sealed, opening)
