-- What we hold of a provider for one day, and what the ledger says of each: a captured payment was posted in
-- parts under its purchase, any other under its own id. Read-only, in the cell's search path.
SELECT p.provider_payment_no, p.amount_minor,
       coalesce((SELECT sum(l.amount_minor) FROM ledger_posting AS l
                  WHERE l.subject = CASE WHEN p.state = 'captured' THEN p.purchase ELSE p.id END
                    AND l.debit = %(cash)s), 0)::bigint
  FROM trade_payment AS p
 WHERE p.provider = %(provider)s AND p.paid_at >= %(from)s AND p.paid_at < %(until)s
 ORDER BY p.provider_payment_no
