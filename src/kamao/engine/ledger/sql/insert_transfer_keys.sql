INSERT INTO ledger_transfer_key (key, posting, content, created_at)
SELECT t.key, t.posting, t.content, %s::timestamptz
FROM unnest(%s::text[], %s::uuid[], %s::bytea[]) AS t (key, posting, content)
