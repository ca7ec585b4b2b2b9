INSERT INTO stock_fingerprint (fingerprint, code)
SELECT substr(%s::bytea, 32 * (t.place::integer - 1) + 1, 32), t.code
FROM unnest(%s::uuid[]) WITH ORDINALITY AS t (code, place)
ORDER BY 1
