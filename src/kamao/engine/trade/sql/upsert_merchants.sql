INSERT INTO trade_merchant (id, level, status, created_at)
SELECT t.id, t.level, t.status, %s::timestamptz
FROM unnest(%s::uuid[], %s::smallint[], %s::text[]) AS t (id, level, status)
ON CONFLICT (id) DO UPDATE SET level = excluded.level, status = excluded.status
