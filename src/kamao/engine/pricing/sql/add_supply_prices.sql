INSERT INTO pricing_supply_price (offer, effective_from, supply_price_e4)
SELECT t.offer, t.effective_from, t.supply_price_e4
FROM unnest(%s::uuid[], %s::timestamptz[], %s::bigint[]) AS t (offer, effective_from, supply_price_e4)
WHERE t.supply_price_e4 IS DISTINCT FROM (
    SELECT p.supply_price_e4 FROM pricing_supply_price AS p
    WHERE p.offer = t.offer AND p.effective_from <= t.effective_from
    ORDER BY p.effective_from DESC LIMIT 1)
ON CONFLICT (offer, effective_from) DO UPDATE SET supply_price_e4 = excluded.supply_price_e4
