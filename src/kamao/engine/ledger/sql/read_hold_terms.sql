SELECT id, kind, debit, credit, amount_minor, order_id, subject FROM ledger_hold WHERE id = ANY (%s::uuid[])
