SELECT a.id, a.currency,
    a.balance + coalesce((SELECT sum(d.amount_minor) FROM ledger_delta AS d WHERE d.account = a.id),
        0)::bigint,
    a.pending, a.floor_minor
FROM ledger_account AS a
WHERE a.id = ANY (%s::uuid[])
