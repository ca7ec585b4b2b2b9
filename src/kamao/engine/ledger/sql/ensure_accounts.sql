INSERT INTO ledger_account (id, name, kind, owner, currency, custodian, normal, floored, created_at)
SELECT t.id, t.name, t.kind, t.owner, t.currency, t.custodian, t.normal, t.floored, %s::timestamptz
FROM unnest(%s::uuid[], %s::text[], %s::text[], %s::uuid[], %s::text[], %s::text[], %s::smallint[],
    %s::boolean[])
    AS t (id, name, kind, owner, currency, custodian, normal, floored)
ON CONFLICT DO NOTHING
