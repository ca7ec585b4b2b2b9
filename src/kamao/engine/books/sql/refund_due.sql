-- What is due to be refunded is the sum of refunds that were funded and not paid yet.
WITH open AS (
    SELECT currency, sum(amount_minor)::bigint AS amount FROM trade_refund
    WHERE state IN ('due', 'sent', 'in_doubt', 'refused') GROUP BY currency),
stored AS (
    SELECT a.currency, a.balance + coalesce((
        SELECT sum(d.amount_minor) FROM ledger_delta AS d WHERE d.account = a.id), 0)::bigint AS amount
    FROM ledger_account AS a WHERE a.kind = 'refund_due')
SELECT 'refund_due ' || coalesce(o.currency, s.currency), coalesce(o.amount, 0), coalesce(s.amount, 0)
FROM open AS o
FULL JOIN stored AS s ON s.currency = o.currency
WHERE coalesce(o.amount, 0) <> coalesce(s.amount, 0)
