UPDATE ledger_account AS a SET floor_minor = least(t.floor_minor, a.balance - a.pending)
FROM unnest(%s::uuid[], %s::bigint[]) AS t (id, floor_minor)
WHERE a.id = t.id AND a.floor_minor <> t.floor_minor
