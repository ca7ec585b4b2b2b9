(SELECT debit_entry_no AS entry_no, id, kind, -amount_minor, debit_balance, order_id, subject, created_at
 FROM ledger_posting
 WHERE debit = %s AND debit_entry_no IS NOT NULL AND (%s::bigint IS NULL OR debit_entry_no > %s::bigint)
 ORDER BY debit_entry_no LIMIT %s)
UNION ALL
(SELECT credit_entry_no, id, kind, amount_minor, credit_balance, order_id, subject, created_at
 FROM ledger_posting
 WHERE credit = %s AND credit_entry_no IS NOT NULL AND (%s::bigint IS NULL OR credit_entry_no > %s::bigint)
 ORDER BY credit_entry_no LIMIT %s)
ORDER BY entry_no LIMIT %s
