-- Keep what this sender still has in hand.
UPDATE webhook_delivery
   SET lease_until = %(lease_until)s
 WHERE state = 'sending' AND claimed_by = %(sender)s
