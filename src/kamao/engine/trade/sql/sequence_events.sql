-- Rows of the outbox that come after an announcement which has to wait wait with it: a later event of the
-- same order never gets the smaller number.
WITH queue AS MATERIALIZED (
    SELECT id, sum(cardinality(orders)) OVER (ORDER BY id) - cardinality(orders) AS before
    FROM (SELECT id, orders FROM trade_placed ORDER BY id LIMIT %(limit)s + 1) AS p),
    horizon AS (
        SELECT (SELECT id FROM queue WHERE before >= %(limit)s ORDER BY id LIMIT 1) AS id),
    announced AS (
        DELETE FROM trade_placed
        WHERE id = ANY (ARRAY(SELECT id FROM queue WHERE before < %(limit)s))
        RETURNING *),
    taken AS (
        DELETE FROM trade_outbox
        WHERE id = ANY (ARRAY(
            SELECT b.id FROM trade_outbox AS b CROSS JOIN horizon AS h
            WHERE h.id IS NULL OR b.id < h.id
            ORDER BY b.id LIMIT %(limit)s))
        RETURNING *),
    t AS (
        SELECT w.id, w.type, coalesce(w.organisation, o.merchant) AS organisation, w.order_id, w.subject,
            w.before, w.after, coalesce(w.actor, o.intake) AS actor, w.reason,
            o.notify_url IS NOT NULL AS notify,
            CASE WHEN o.id IS NULL THEN coalesce(w.data, '{}') ELSE trade_order_facts(
                o, coalesce(w.after, o.state), o.delivered_quantity,
                o.refunded_escrow_minor + o.refunded_settled_minor, o.units_refunded, w.reason)
                || coalesce(w.data, '{}') END AS data,
            w.created_at
        FROM taken AS w
        LEFT JOIN trade_order AS o ON o.id = w.order_id
        UNION ALL
        SELECT u.event, 'order.' || p.after, u.merchant, u.order_id, NULL, NULL, p.after, p.actor, '',
            p.notify, NULL, p.created_at
        FROM announced AS p
        CROSS JOIN LATERAL unnest(p.orders, p.merchants, p.events) AS u (order_id, merchant, event))
INSERT INTO trade_event (
    seq, id, type, organisation, order_id, subject, before, after, actor, reason, notify, data,
    created_at)
SELECT %(seq)s + row_number() OVER (ORDER BY id), id, type, organisation, order_id, subject, before, after,
    actor, reason, notify, data, created_at
FROM t
