SELECT s.order_id, s.settled, coalesce(r.returned, 0)::bigint, a.id, a.name, a.kind, a.owner, a.currency,
    a.custodian
FROM (
    SELECT order_id, credit AS account, sum(amount_minor)::bigint AS settled, min(id::text) AS first
    FROM ledger_posting
    WHERE order_id = ANY (%s::uuid[]) AND kind = 'settlement'
    GROUP BY order_id, credit) AS s
JOIN ledger_account AS a ON a.id = s.account
LEFT JOIN LATERAL (
    SELECT sum(p.amount_minor) AS returned
    FROM ledger_posting AS p
    JOIN ledger_account AS d ON d.id = p.debit
    WHERE p.order_id = s.order_id AND (
        (p.kind = 'reversal' AND p.debit = s.account)
        OR (p.kind = 'deposit_claim' AND d.owner = a.owner)
        OR (p.kind = 'recourse' AND d.owner = a.owner))) AS r ON true
ORDER BY s.order_id, s.first
