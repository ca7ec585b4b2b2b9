INSERT INTO provenance_outbox (id, leaf)
SELECT t.id, t.leaf FROM unnest(%s::uuid[], %s::bytea[]) AS t (id, leaf)
