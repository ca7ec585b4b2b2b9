INSERT INTO ledger_posting (
    id, kind, debit, credit, amount_minor, currency, order_id, subject,
    debit_entry_no, debit_balance, credit_entry_no, credit_balance, created_at)
SELECT t.id, t.kind, t.debit, t.credit, t.amount_minor, t.currency, t.order_id, t.subject,
    t.debit_entry_no, t.debit_balance, t.credit_entry_no, t.credit_balance, %s::timestamptz
FROM unnest(
    %s::uuid[], %s::text[], %s::uuid[], %s::uuid[], %s::bigint[], %s::text[], %s::uuid[], %s::uuid[],
    %s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[])
    AS t (id, kind, debit, credit, amount_minor, currency, order_id, subject,
        debit_entry_no, debit_balance, credit_entry_no, credit_balance)
