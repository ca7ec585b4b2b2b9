SELECT f.code
FROM unnest(%s::uuid[]) WITH ORDINALITY AS t (code, place)
JOIN stock_fingerprint AS f ON f.fingerprint = substr(%s::bytea, 32 * (t.place::integer - 1) + 1, 32)
WHERE f.code = t.code
