SELECT l.id, l.offer, l.sku, l.source, l.state, l.created_at, l.imported, l.recalled, c.free
FROM (
    SELECT * FROM stock_lot
    WHERE supplier = %s AND (%s::uuid IS NULL OR offer = %s::uuid) AND (%s::uuid IS NULL OR id < %s::uuid)
    ORDER BY id DESC LIMIT %s) AS l
CROSS JOIN LATERAL (
    SELECT count(*) AS free FROM stock_code AS s WHERE s.lot = l.id AND s.state = 'free') AS c
ORDER BY l.id DESC
