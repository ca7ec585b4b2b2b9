INSERT INTO trade_supplier (id, settlement_delay_s, status, created_at)
SELECT t.id, t.settlement_delay_s, t.status, %s::timestamptz
FROM unnest(%s::uuid[], %s::integer[], %s::text[]) AS t (id, settlement_delay_s, status)
ON CONFLICT (id) DO UPDATE SET settlement_delay_s = excluded.settlement_delay_s, status = excluded.status
