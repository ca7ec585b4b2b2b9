-- The next free codes behind a mark, as far as this moment shows them; nothing is locked. An offer without
-- any gives one row of NULLs behind its epoch.
SELECT t.offer, e.epoch, c.id, c.lot, nullif(c.expires_at, 'infinity'), c.sealed, l.wrapped_key
FROM unnest(%s::uuid[], %s::integer[], %s::timestamptz[], %s::uuid[]) AS t (offer, wanted, low_expires_at,
    low_id)
JOIN stock_epoch AS e ON e.offer = t.offer
LEFT JOIN LATERAL (
    SELECT s.id, s.lot, s.expires_at, s.sealed
    FROM stock_code AS s
    WHERE s.offer = t.offer AND s.state = 'free' AND (s.expires_at, s.id) > (t.low_expires_at, t.low_id)
    ORDER BY s.offer, s.expires_at, s.id
    LIMIT t.wanted) AS c ON true
LEFT JOIN stock_lot AS l ON l.id = c.lot
