-- Counts without a limit: signals of suspicion, which are read and never refused by themselves.
INSERT INTO public.compliance_counter AS c (key, units, amount_minor, expires_at)
VALUES (%(key)s, 1, 0, %(expires_at)s)
ON CONFLICT (key) DO UPDATE SET units = c.units + 1
RETURNING c.units
