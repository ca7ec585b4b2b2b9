-- Refunds that are done with us, with what the ledger paid out of the provider's cash for each.
SELECT r.id, r.amount_minor,
       coalesce((SELECT sum(l.amount_minor) FROM ledger_posting AS l
                  WHERE l.subject = r.id AND l.credit = %(cash)s), 0)::bigint
  FROM trade_refund AS r
  JOIN trade_payment AS p ON p.id = r.payment
 WHERE p.provider = %(provider)s AND r.state = 'done' AND r.done_at >= %(from)s AND r.done_at < %(until)s
 ORDER BY r.id
