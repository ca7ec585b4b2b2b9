UPDATE ledger_account AS a
SET balance = t.balance, pending = t.pending, entry_no = t.entry_no
FROM unnest(%s::uuid[], %s::bigint[], %s::bigint[], %s::bigint[]) AS t (id, balance, pending, entry_no)
WHERE a.id = t.id
