-- How much a provider's cash account changed by postings made in a stretch of time.
SELECT coalesce(sum(CASE WHEN debit = %(cash)s THEN amount_minor ELSE -amount_minor END), 0)::bigint
  FROM ledger_posting
 WHERE id >= %(first_id)s AND id < %(last_id)s AND (debit = %(cash)s OR credit = %(cash)s)
