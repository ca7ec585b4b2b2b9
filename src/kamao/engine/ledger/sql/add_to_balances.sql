UPDATE ledger_account AS a SET balance = a.balance + t.amount_minor
FROM unnest(%s::uuid[], %s::bigint[]) AS t (id, amount_minor)
WHERE a.id = t.id
