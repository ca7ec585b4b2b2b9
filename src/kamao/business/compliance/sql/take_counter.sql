-- One conditional upsert: two processes can never both take the last unit of a limit.
-- No row back: the limit is reached.
INSERT INTO public.compliance_counter AS c (key, units, amount_minor, expires_at)
SELECT %(key)s, %(units)s, %(amount_minor)s, %(expires_at)s
 WHERE %(units)s <= %(units_max)s AND %(amount_minor)s <= %(amount_max_minor)s
ON CONFLICT (key) DO UPDATE
   SET units = c.units + excluded.units, amount_minor = c.amount_minor + excluded.amount_minor
 WHERE c.units + excluded.units <= %(units_max)s
   AND c.amount_minor + excluded.amount_minor <= %(amount_max_minor)s
RETURNING c.units
