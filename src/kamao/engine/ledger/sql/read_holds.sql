SELECT id FROM ledger_hold WHERE id = ANY (%s::uuid[])
