SELECT o.id, o.supplier, o.sku, o.fulfilment, o.sale_model, o.currency,
    CASE WHEN o.tax_included THEN 0 ELSE o.tax_e4 END, o.settlement_delay_s,
    array_agg(p.effective_from ORDER BY p.effective_from), array_agg(p.supply_price_e4
        ORDER BY p.effective_from)
FROM pricing_offer AS o
JOIN trade_supplier AS s ON s.id = o.supplier AND s.status = 'active'
JOIN pricing_supply_price AS p ON p.offer = o.id
WHERE o.sku = ANY (%s::uuid[]) AND o.status = 'active'
GROUP BY o.id
