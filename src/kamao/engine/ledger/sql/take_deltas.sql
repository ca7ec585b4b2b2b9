DELETE FROM ledger_delta
WHERE id = ANY (ARRAY(SELECT id FROM ledger_delta ORDER BY id LIMIT %s FOR UPDATE SKIP LOCKED))
RETURNING account, amount_minor
