SELECT t.offer, c.count
FROM (SELECT %s::timestamptz AS at, %s::integer AS at_most) AS p,
    unnest(%s::uuid[]) AS t (offer)
CROSS JOIN LATERAL (
    SELECT count(*) AS count FROM (
        SELECT 1 FROM stock_code AS s
        WHERE s.offer = t.offer AND s.state = 'free' AND s.expires_at > p.at
        LIMIT p.at_most) AS bounded) AS c
