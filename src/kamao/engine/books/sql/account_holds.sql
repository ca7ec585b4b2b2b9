-- What is pending on an account is the sum of its open holds.
WITH open AS (
    SELECT h.debit AS account, sum(h.amount_minor)::bigint AS amount
    FROM ledger_hold AS h
    WHERE NOT EXISTS (SELECT 1 FROM ledger_hold_resolution AS r WHERE r.hold = h.id)
    GROUP BY h.debit)
SELECT a.name, coalesce(o.amount, 0), a.pending
FROM ledger_account AS a
LEFT JOIN open AS o ON o.account = a.id
WHERE a.pending <> coalesce(o.amount, 0)
