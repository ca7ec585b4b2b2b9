SELECT f.id, f.supplier, c.cost_e4, (SELECT max(a.position) + 1 FROM trade_attempt AS a
    WHERE a.order_id = o.id)::smallint, f.fulfilment
FROM (SELECT %s::timestamptz AS at, %s::uuid AS id) AS o
JOIN pricing_offer AS f ON f.sku = %s::uuid AND f.status = 'active' AND f.fulfilment = 'manual'
JOIN trade_supplier AS s ON s.id = f.supplier AND s.status = 'active'
CROSS JOIN LATERAL (
    SELECT p.supply_price_e4 + CASE WHEN f.tax_included THEN 0 ELSE f.tax_e4 END AS cost_e4
    FROM pricing_supply_price AS p
    WHERE p.offer = f.id AND p.effective_from <= %s::timestamptz
    ORDER BY p.effective_from DESC LIMIT 1) AS c
WHERE c.cost_e4 <= %s
    AND NOT EXISTS (SELECT 1 FROM trade_attempt AS a WHERE a.order_id = o.id AND a.offer = f.id)
ORDER BY c.cost_e4, f.id
LIMIT 1
