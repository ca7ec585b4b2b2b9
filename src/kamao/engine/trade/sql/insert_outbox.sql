INSERT INTO trade_outbox (id, type, organisation, order_id, subject, before, after, actor, reason, created_at)
SELECT t.id, t.type, t.organisation, t.order_id, t.subject, t.before, t.after, t.actor, t.reason,
    %s::timestamptz
FROM unnest(%s::uuid[], %s::text[], %s::uuid[], %s::uuid[], %s::uuid[], %s::text[], %s::text[], %s::text[],
    %s::text[])
    AS t (id, type, organisation, order_id, subject, before, after, actor, reason)
