-- The first answer spends the challenge, right or wrong.
UPDATE public.compliance_challenge
   SET tried_at = %(at)s
 WHERE id = %(id)s AND purpose = %(purpose)s AND tried_at IS NULL AND expires_at > %(at)s
RETURNING answer_sealed
