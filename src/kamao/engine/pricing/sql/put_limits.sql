INSERT INTO pricing_channel_limit (target_kind, target, sales_channel, effective_from, floor_e4, ceiling_e4)
SELECT * FROM unnest(%s::text[], %s::uuid[], %s::text[], %s::timestamptz[], %s::bigint[], %s::bigint[])
ON CONFLICT (target_kind, target, sales_channel, effective_from) DO UPDATE SET
    floor_e4 = excluded.floor_e4, ceiling_e4 = excluded.ceiling_e4
