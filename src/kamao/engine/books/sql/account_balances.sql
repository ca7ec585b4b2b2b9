-- Every stored balance equals the sum of its postings (plus deltas that are not rolled up yet).
WITH moved AS (
    SELECT account, sum(amount)::bigint AS net FROM (
        SELECT credit AS account, amount_minor AS amount FROM ledger_posting
        UNION ALL SELECT debit, -amount_minor FROM ledger_posting) AS sides
    GROUP BY account),
waiting AS (SELECT account, sum(amount_minor)::bigint AS amount FROM ledger_delta GROUP BY account)
SELECT a.name, coalesce(m.net, 0) * a.normal, a.balance + coalesce(w.amount, 0)
FROM ledger_account AS a
LEFT JOIN moved AS m ON m.account = a.id
LEFT JOIN waiting AS w ON w.account = a.id
WHERE coalesce(m.net, 0) * a.normal <> a.balance + coalesce(w.amount, 0)
