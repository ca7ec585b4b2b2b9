-- A verified code serves one purchase.
UPDATE public.compliance_phone_code
   SET used_at = %(at)s
 WHERE id = %(id)s AND phone_key = %(phone_key)s AND purpose = %(purpose)s
   AND verified_at IS NOT NULL AND used_at IS NULL AND expires_at > %(at)s
RETURNING id
