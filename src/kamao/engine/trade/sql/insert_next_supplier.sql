INSERT INTO trade_order_party (order_id, position, role, organisation, unit_price_e4)
VALUES (%s, %s, 'supplier', %s, %s)
