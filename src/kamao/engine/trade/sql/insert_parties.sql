INSERT INTO trade_order_party (order_id, position, role, organisation, unit_price_e4)
SELECT * FROM unnest(%s::uuid[], %s::smallint[], %s::text[], %s::uuid[], %s::bigint[])
