SELECT audience_kind, audience, target, min_quantity, effective_from, fixed_e4, markup_per_mille, markup_e4
FROM pricing_rule
WHERE audience_kind = 'private' AND audience = ANY (%s::text[]) AND target = ANY (%s::uuid[])
