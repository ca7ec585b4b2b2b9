-- The escrow account holds exactly what the orders hold.
WITH held AS (
    SELECT currency,
        sum(captured_minor + subsidy_minor - refunded_escrow_minor - settled_minor)::bigint AS amount
    FROM trade_order GROUP BY currency),
stored AS (
    SELECT a.currency, a.balance + coalesce((
        SELECT sum(d.amount_minor) FROM ledger_delta AS d WHERE d.account = a.id), 0)::bigint AS amount
    FROM ledger_account AS a WHERE a.kind = 'escrow')
SELECT 'escrow ' || coalesce(h.currency, s.currency), coalesce(h.amount, 0), coalesce(s.amount, 0)
FROM held AS h
FULL JOIN stored AS s ON s.currency = h.currency
WHERE coalesce(h.amount, 0) <> coalesce(s.amount, 0)
