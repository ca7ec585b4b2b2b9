INSERT INTO ledger_delta (id, account, amount_minor)
SELECT t.id, t.account, t.amount_minor
FROM unnest(%s::uuid[], %s::uuid[], %s::bigint[]) AS t (id, account, amount_minor)
