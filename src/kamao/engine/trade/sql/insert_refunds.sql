INSERT INTO trade_refund (id, order_id, payment, destination, units, amount_minor, currency, state, actor,
    reason,
    created_at, done_at)
SELECT t.id, t.order_id, t.payment, t.destination, t.units, t.amount_minor, t.currency, t.state, t.actor,
    t.reason,
    p.at, CASE WHEN t.state = 'done' THEN p.at END
FROM (SELECT %s::timestamptz AS at) AS p,
    unnest(%s::uuid[], %s::uuid[], %s::uuid[], %s::uuid[], %s::integer[], %s::bigint[], %s::text[],
        %s::text[],
        %s::text[], %s::text[])
    AS t (id, order_id, payment, destination, units, amount_minor, currency, state, actor, reason)
