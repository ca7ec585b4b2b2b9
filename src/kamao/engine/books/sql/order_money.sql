-- An order's money columns are what its postings into and out of escrow say.
WITH moved AS (
    SELECT p.order_id,
        coalesce(sum(p.amount_minor) FILTER (WHERE c.kind = 'escrow' AND p.kind IN ('order', 'payment')),
            0) AS captured,
        coalesce(sum(p.amount_minor) FILTER (WHERE c.kind = 'escrow' AND p.kind = 'subsidy'), 0) AS subsidy,
        coalesce(sum(p.amount_minor) FILTER (WHERE d.kind = 'escrow' AND p.kind = 'refund'), 0) AS refunded,
        coalesce(sum(p.amount_minor) FILTER (WHERE d.kind = 'escrow' AND p.kind = 'settlement'),
            0) AS settled,
        coalesce(sum(p.amount_minor) FILTER (WHERE c.kind = 'refund_due' AND d.kind <> 'escrow'),
            0) AS returned
    FROM ledger_posting AS p
    JOIN ledger_account AS d ON d.id = p.debit
    JOIN ledger_account AS c ON c.id = p.credit
    WHERE p.order_id IS NOT NULL
    GROUP BY p.order_id)
SELECT o.id,
    concat_ws('/', coalesce(m.captured, 0), coalesce(m.subsidy, 0), coalesce(m.refunded, 0),
        coalesce(m.settled, 0),
        coalesce(m.returned, 0)),
    concat_ws('/', o.captured_minor, o.subsidy_minor, o.refunded_escrow_minor, o.settled_minor,
        o.refunded_settled_minor)
FROM trade_order AS o
LEFT JOIN moved AS m ON m.order_id = o.id
WHERE (o.captured_minor, o.subsidy_minor, o.refunded_escrow_minor, o.settled_minor, o.refunded_settled_minor)
    IS DISTINCT FROM (coalesce(m.captured, 0), coalesce(m.subsidy, 0), coalesce(m.refunded, 0),
        coalesce(m.settled, 0),
        coalesce(m.returned, 0))
