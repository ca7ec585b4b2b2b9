-- Give back what was claimed and not tried: the sender stops, or the receiver is away.
UPDATE webhook_delivery
   SET state = 'waiting', claimed_by = NULL, lease_until = NULL
 WHERE id = ANY(%(ids)s::uuid[]) AND state = 'sending' AND claimed_by = %(sender)s
