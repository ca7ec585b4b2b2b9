SELECT order_id, position, role, organisation, unit_price_e4
FROM trade_order_party
WHERE order_id = ANY (%s::uuid[])
ORDER BY order_id, position
