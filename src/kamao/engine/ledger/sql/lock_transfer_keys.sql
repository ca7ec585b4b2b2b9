SELECT pg_advisory_xact_lock(k) FROM (
    SELECT DISTINCT hashtextextended('ledger_transfer_key:' || t.key, 0) AS k
    FROM unnest(%s::text[]) AS t (key) ORDER BY k) AS ordered
