-- Move deliveries on after their attempts. A success counts whoever reports it; anything else only from the
-- sender that still holds the lease, so that a sender thought dead cannot undo what its successor did.
UPDATE webhook_delivery d
   SET state = r.state, attempts_made = r.attempts_made,
       next_attempt_at = coalesce(r.next_attempt_at, d.next_attempt_at),
       resume_at = NULL, claimed_by = NULL, lease_until = NULL, last_outcome = r.outcome,
       last_status = r.status, last_attempt_at = r.at,
       settled_at = CASE WHEN r.state IN ('delivered', 'exhausted') THEN r.at END
  FROM json_to_recordset(%(rows)s::json) AS r (
       delivery_id uuid, state text, attempts_made smallint, next_attempt_at timestamptz,
       outcome text, status smallint, at timestamptz)
 WHERE d.id = r.delivery_id
   AND ((d.state = 'sending' AND d.claimed_by = %(sender)s)
        OR (r.state = 'delivered' AND d.state <> 'delivered'))
