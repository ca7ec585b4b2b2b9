SELECT r.audience_kind, r.audience, r.target, r.min_quantity, r.effective_from, r.fixed_e4,
    r.markup_per_mille, r.markup_e4
FROM unnest(%s::text[]) AS t (audience)
CROSS JOIN LATERAL (
    SELECT * FROM pricing_rule AS p
    WHERE p.audience_kind = 'private' AND p.audience = t.audience
    LIMIT %s) AS r
