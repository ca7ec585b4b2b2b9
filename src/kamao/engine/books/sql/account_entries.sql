-- A floored account numbers its entries without a gap, and each line's balance follows from the line before.
WITH entries AS (
    SELECT debit AS account, debit_entry_no AS entry_no, -amount_minor AS amount, debit_balance AS balance
    FROM ledger_posting WHERE debit_entry_no IS NOT NULL
    UNION ALL
    SELECT credit, credit_entry_no, amount_minor, credit_balance
    FROM ledger_posting WHERE credit_entry_no IS NOT NULL),
chained AS (
    SELECT account, entry_no, amount, balance,
        lag(entry_no, 1, 0::bigint) OVER line AS entry_before, lag(balance, 1,
            0::bigint) OVER line AS balance_before
    FROM entries WINDOW line AS (PARTITION BY account ORDER BY entry_no))
SELECT a.name || ' #' || c.entry_no, c.entry_before + 1 || ' at ' || c.balance_before + c.amount,
    c.entry_no || ' at ' || c.balance
FROM chained AS c
JOIN ledger_account AS a ON a.id = c.account
WHERE c.entry_no <> c.entry_before + 1 OR c.balance <> c.balance_before + c.amount
