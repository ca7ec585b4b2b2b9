INSERT INTO pricing_rule (audience_kind, audience, target_kind, target, min_quantity, effective_from,
    fixed_e4,
    markup_per_mille, markup_e4)
SELECT * FROM unnest(%s::text[], %s::text[], %s::text[], %s::uuid[], %s::integer[], %s::timestamptz[],
    %s::bigint[],
    %s::integer[], %s::bigint[])
ON CONFLICT (audience_kind, audience, target_kind, target, min_quantity, effective_from) DO UPDATE SET
    fixed_e4 = excluded.fixed_e4, markup_per_mille = excluded.markup_per_mille, markup_e4 = excluded.markup_e4
