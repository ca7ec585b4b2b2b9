SELECT pg_advisory_xact_lock(k) FROM (
    SELECT DISTINCT hashtextextended('trade_purchase:' || t.name, 0) AS k
    FROM unnest(%s::text[]) AS t (name) ORDER BY k) AS ordered
