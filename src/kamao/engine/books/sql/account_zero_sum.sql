-- Per currency, claims equal what covers them.
WITH waiting AS (SELECT account, sum(amount_minor)::bigint AS amount FROM ledger_delta GROUP BY account)
SELECT a.currency, 0, sum(a.normal * (a.balance + coalesce(w.amount, 0)))
FROM ledger_account AS a
LEFT JOIN waiting AS w ON w.account = a.id
GROUP BY a.currency
HAVING sum(a.normal * (a.balance + coalesce(w.amount, 0))) <> 0
