-- A receiver that was away answers again: what failed because it was away gets one extra attempt now. The
-- schedule stays in `resume_at` and goes on if the extra attempt fails.
UPDATE webhook_delivery
   SET resume_at = next_attempt_at, next_attempt_at = %(at)s
 WHERE endpoint_id = ANY(%(endpoints)s::uuid[]) AND state = 'waiting' AND next_attempt_at > %(at)s
   AND resume_at IS NULL AND last_outcome = ANY(%(outcomes)s)
