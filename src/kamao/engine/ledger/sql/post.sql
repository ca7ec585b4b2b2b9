-- Postings, the balances they leave on accounts with a floor, and what they add to accounts without one.
-- $1 is the moment of the transaction.
WITH posted AS (
    INSERT INTO ledger_posting (
        id, kind, debit, credit, amount_minor, currency, order_id, subject,
        debit_entry_no, debit_balance, credit_entry_no, credit_balance, created_at)
    SELECT t.*, $1::timestamptz
    FROM unnest(
        $2::uuid[], $3::text[], $4::uuid[], $5::uuid[], $6::bigint[], $7::text[], $8::uuid[], $9::uuid[],
        $10::bigint[], $11::bigint[], $12::bigint[], $13::bigint[]) AS t),
    gathered AS (
        INSERT INTO ledger_delta (id, account, amount_minor)
        SELECT * FROM unnest($14::uuid[], $15::uuid[], $16::bigint[]) AS t)
UPDATE ledger_account AS a
SET balance = t.balance, pending = t.pending, entry_no = t.entry_no
FROM unnest($17::uuid[], $18::bigint[], $19::bigint[], $20::bigint[]) AS t (id, balance, pending, entry_no)
WHERE a.id = t.id
