-- One try is spent before the code is compared, so that tries made at once cannot exceed the limit.
UPDATE public.compliance_phone_code
   SET tries_left = tries_left - 1
 WHERE id = %(id)s AND tries_left > 0 AND expires_at > %(at)s AND verified_at IS NULL
RETURNING code_key
