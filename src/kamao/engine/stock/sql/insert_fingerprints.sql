INSERT INTO stock_fingerprint (fingerprint, code)
SELECT t.fingerprint, t.code FROM unnest(%s::bytea[], %s::uuid[]) AS t (fingerprint, code)
ORDER BY t.fingerprint
ON CONFLICT DO NOTHING
RETURNING code
