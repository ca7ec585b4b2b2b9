-- Every code has its fingerprint and every fingerprint its code.
SELECT coalesce(c.id, f.code), 'one code and one fingerprint', CASE WHEN c.id IS NULL
    THEN 'no code' ELSE 'no fingerprint' END
FROM stock_code AS c
FULL JOIN stock_fingerprint AS f ON f.code = c.id
WHERE c.id IS NULL OR f.code IS NULL
