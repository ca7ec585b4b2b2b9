INSERT INTO trade_order_party (order_id, position, role, organisation, unit_price_e4)
SELECT t.order_id, 1, 'supplier', t.organisation, t.unit_price_e4
FROM unnest(%s::uuid[], %s::uuid[], %s::bigint[]) AS t (order_id, organisation, unit_price_e4)
