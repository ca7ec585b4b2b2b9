-- A floored account has numbered every one of its entries, an account without a floor none.
WITH sides AS (
    SELECT debit AS account, debit_entry_no AS entry_no FROM ledger_posting
    UNION ALL SELECT credit, credit_entry_no FROM ledger_posting),
counted AS (SELECT account, count(*) AS entries, count(entry_no) AS numbered FROM sides GROUP BY account)
SELECT a.name, CASE WHEN a.floored THEN coalesce(c.entries, 0) ELSE 0 END, coalesce(c.numbered, 0) || '/'
    || a.entry_no
FROM ledger_account AS a
LEFT JOIN counted AS c ON c.account = a.id
WHERE coalesce(c.numbered, 0) <> CASE WHEN a.floored THEN coalesce(c.entries, 0) ELSE 0 END
    OR a.entry_no <> coalesce(c.numbered, 0)
