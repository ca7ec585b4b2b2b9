SELECT t.offer, e.epoch, c.id, c.lot, nullif(c.expires_at, 'infinity'), c.sealed
FROM unnest(%s::uuid[], %s::integer[], %s::timestamptz[], %s::uuid[]) AS t (offer, wanted, low_expires_at,
    low_id)
JOIN stock_epoch AS e ON e.offer = t.offer
CROSS JOIN LATERAL (
    SELECT s.id, s.lot, s.expires_at, s.sealed
    FROM stock_code AS s
    WHERE s.offer = t.offer AND s.state = 'free' AND (s.expires_at, s.id) > (t.low_expires_at, t.low_id)
    ORDER BY s.offer, s.expires_at, s.id
    LIMIT t.wanted
    FOR NO KEY UPDATE) AS c
