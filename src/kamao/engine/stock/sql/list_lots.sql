SELECT l.id, l.offer, l.sku, l.source, l.state, l.created_at, c.free, c.reserved, c.sold, c.recalled
FROM (
    SELECT * FROM stock_lot
    WHERE supplier = %s AND (%s::uuid IS NULL OR offer = %s::uuid) AND (%s::uuid IS NULL OR id < %s::uuid)
    ORDER BY id DESC LIMIT %s) AS l
CROSS JOIN LATERAL (
    SELECT count(*) FILTER (WHERE s.state = 'free') AS free, count(*) FILTER (WHERE s.state = 'reserved') AS reserved,
        count(*) FILTER (WHERE s.state = 'sold') AS sold,
        count(*) FILTER (WHERE s.state IN ('recalled', 'withdrawn')) AS recalled
    FROM stock_code AS s WHERE s.lot = l.id) AS c
ORDER BY l.id DESC
