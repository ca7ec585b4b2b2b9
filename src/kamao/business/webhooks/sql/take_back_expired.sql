-- A sender died with deliveries in hand: they are due again, under the same ids.
UPDATE webhook_delivery
   SET state = 'waiting', claimed_by = NULL, lease_until = NULL
 WHERE state = 'sending' AND lease_until < %(at)s
