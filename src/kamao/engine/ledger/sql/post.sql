-- Moves accounts with a floor, numbers the postings by where that leaves them, and gathers what accounts
-- without a floor get. $1 is the moment of the transaction.
-- Balances change by amounts, never to amounts: whoever decided without a lock is held to the floor here, and
-- the row is locked from here to the commit only. Accounts come in the order of their ids and are never
-- deleted.
WITH moved AS (
    UPDATE ledger_account AS a
    SET balance = a.balance + t.change, pending = a.pending + t.held, entry_no = a.entry_no + t.entries
    FROM unnest($2::uuid[], $3::bigint[], $4::bigint[], $5::bigint[]) WITH ORDINALITY
        AS t (id, change, held, entries, place)
    WHERE a.id = t.id
    RETURNING t.place, a.balance, a.entry_no),
    stand AS (
        SELECT array_agg(entry_no ORDER BY place) AS entry_no, array_agg(balance ORDER BY place) AS balance
        FROM moved),
    gathered AS (
        INSERT INTO ledger_delta (id, account, amount_minor)
        SELECT * FROM unnest($6::uuid[], $7::uuid[], $8::bigint[]) AS t)
INSERT INTO ledger_posting (
    id, kind, debit, credit, amount_minor, currency, order_id, subject,
    debit_entry_no, debit_balance, credit_entry_no, credit_balance, created_at)
SELECT t.id, t.kind, t.debit, t.credit, t.amount_minor, t.currency, t.order_id, t.subject,
    s.entry_no[t.debit_place] - t.debit_entries_after, s.balance[t.debit_place] - t.debit_change_after,
    s.entry_no[t.credit_place] - t.credit_entries_after, s.balance[t.credit_place] - t.credit_change_after,
    $1::timestamptz
FROM stand AS s
CROSS JOIN unnest(
    $9::uuid[], $10::text[], $11::uuid[], $12::uuid[], $13::bigint[], $14::text[], $15::uuid[], $16::uuid[],
    $17::integer[], $18::bigint[], $19::bigint[], $20::integer[], $21::bigint[], $22::bigint[])
    AS t (id, kind, debit, credit, amount_minor, currency, order_id, subject,
        debit_place, debit_entries_after, debit_change_after,
        credit_place, credit_entries_after, credit_change_after)
