INSERT INTO trade_outbox (id, type, organisation, order_id, after, actor, created_at)
SELECT t.id, t.type, t.organisation, t.order_id, t.after, t.actor, %s::timestamptz
FROM unnest(%s::uuid[], %s::text[], %s::uuid[], %s::uuid[], %s::text[], %s::text[])
    AS t (id, type, organisation, order_id, after, actor)
