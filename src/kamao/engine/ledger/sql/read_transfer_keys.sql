SELECT key, posting, content FROM ledger_transfer_key WHERE key = ANY (%s::text[])
