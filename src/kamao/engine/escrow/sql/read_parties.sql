SELECT p.order_id, p.position, p.role, p.organisation, p.unit_price_e4
FROM trade_party AS p
WHERE p.order_id = ANY (%s::uuid[])
    AND (p.role <> 'supplier' OR NOT EXISTS (
        SELECT 1 FROM trade_party AS later
        WHERE later.order_id = p.order_id AND later.role = 'supplier' AND later.position > p.position))
ORDER BY p.order_id, p.position
