WITH taken AS (
    DELETE FROM trade_outbox
    WHERE id = ANY (ARRAY(SELECT id FROM trade_outbox ORDER BY id LIMIT %(limit)s))
    RETURNING *)
INSERT INTO trade_event (
    seq, id, type, organisation, order_id, subject, before, after, actor, reason, notify, data,
    created_at)
SELECT %(seq)s + row_number() OVER (ORDER BY t.id), t.id, t.type, t.organisation, t.order_id, t.subject,
    t.before,
    t.after, t.actor, t.reason, o.notify_url IS NOT NULL,
    CASE WHEN o.id IS NULL THEN coalesce(t.data, '{}') ELSE jsonb_build_object(
        'order', o.id, 'reference', o.reference, 'sku', k.code, 'quantity', o.quantity, 'state',
            coalesce(t.after, o.state),
        'amount', o.amount_minor, 'currency', o.currency, 'delivered_quantity', o.delivered_quantity,
        'refunded_amount', o.refunded_escrow_minor + o.refunded_settled_minor, 'units_refunded',
            o.units_refunded,
        'channel_order_no', o.channel_order_no, 'reason', t.reason) || coalesce(t.data, '{}') END,
    t.created_at
FROM taken AS t
LEFT JOIN trade_order AS o ON o.id = t.order_id
LEFT JOIN pricing_sku AS k ON k.id = o.sku
