-- Deleting the uses and lowering the counters is one statement, so a purchase gives back exactly once.
WITH used AS (
    DELETE FROM public.compliance_counter_use WHERE reference = %(reference)s
    RETURNING counter, units, amount_minor
)
UPDATE public.compliance_counter AS c
   SET units = c.units - used.units, amount_minor = c.amount_minor - used.amount_minor
  FROM used
 WHERE c.key = used.counter
