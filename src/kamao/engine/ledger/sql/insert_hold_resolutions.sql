INSERT INTO ledger_hold_resolution (hold, outcome, posting, amount_minor, created_at)
SELECT t.hold, t.outcome, t.posting, t.amount_minor, %s::timestamptz
FROM unnest(%s::uuid[], %s::text[], %s::uuid[], %s::bigint[]) AS t (hold, outcome, posting, amount_minor)
