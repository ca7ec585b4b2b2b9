SELECT id, name, kind, owner, currency, custodian FROM ledger_account WHERE id = ANY (%s::uuid[])
