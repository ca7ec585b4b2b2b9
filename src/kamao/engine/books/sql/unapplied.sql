-- Money that fits nothing does not rest: it is due back to its source at once.
SELECT a.name, 0, a.balance + coalesce((SELECT sum(d.amount_minor) FROM ledger_delta AS d
    WHERE d.account = a.id), 0)
FROM ledger_account AS a
WHERE a.kind = 'unapplied'
    AND a.balance + coalesce((SELECT sum(d.amount_minor) FROM ledger_delta AS d WHERE d.account = a.id),
        0) <> 0
