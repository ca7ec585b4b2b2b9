INSERT INTO ledger_hold (id, kind, debit, credit, amount_minor, currency, order_id, subject, created_at)
SELECT t.id, t.kind, t.debit, t.credit, t.amount_minor, t.currency, t.order_id, t.subject, %s::timestamptz
FROM unnest(%s::uuid[], %s::text[], %s::uuid[], %s::uuid[], %s::bigint[], %s::text[], %s::uuid[], %s::uuid[])
    AS t (id, kind, debit, credit, amount_minor, currency, order_id, subject)
