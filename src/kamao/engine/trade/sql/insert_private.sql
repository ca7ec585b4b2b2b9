INSERT INTO trade_order_private (order_id, wrapped_key, sealed, target_hash)
SELECT t.order_id, t.wrapped_key, t.sealed, t.target_hash
FROM unnest(%s::uuid[], %s::bytea[], %s::bytea[], %s::bytea[]) AS t (order_id, wrapped_key, sealed,
    target_hash)
