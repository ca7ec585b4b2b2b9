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
        SELECT id, type, organisation, order_id, subject, before, after, actor, reason, data, created_at
        FROM taken
        UNION ALL
        SELECT u.event, 'order.' || p.after, NULL, u.order_id, NULL, NULL, p.after, NULL, '', NULL,
            p.created_at
        FROM announced AS p
        CROSS JOIN LATERAL unnest(p.orders, p.events) AS u (order_id, event))
INSERT INTO trade_event (
    seq, id, type, organisation, order_id, subject, before, after, actor, reason, notify, data,
    created_at)
SELECT %(seq)s + row_number() OVER (ORDER BY t.id), t.id, t.type, coalesce(t.organisation, o.merchant),
    t.order_id, t.subject, t.before, t.after, coalesce(t.actor, o.intake), t.reason,
    o.notify_url IS NOT NULL,
    CASE WHEN o.id IS NULL THEN coalesce(t.data, '{}') WHEN t.data IS NULL THEN f.facts
        ELSE f.facts || t.data END,
    t.created_at
FROM t
LEFT JOIN trade_order AS o ON o.id = t.order_id
LEFT JOIN pricing_sku AS k ON k.id = o.sku
CROSS JOIN LATERAL (SELECT jsonb_build_object(
    'order', o.id, 'reference', o.reference, 'sku', k.code, 'quantity', o.quantity, 'state',
        coalesce(t.after, o.state),
    'amount', o.amount_minor, 'currency', o.currency, 'delivered_quantity', o.delivered_quantity,
    'refunded_amount', o.refunded_escrow_minor + o.refunded_settled_minor, 'units_refunded',
        o.units_refunded,
    'channel_order_no', o.channel_order_no, 'reason', t.reason) AS facts) AS f
