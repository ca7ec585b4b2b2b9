-- Everything a new order consists of besides money and codes. $1 is the moment of the batch. Orders that
-- begin alike share a row that announces them.
WITH t AS MATERIALIZED (
    SELECT * FROM unnest(
        $2::uuid[], $3::uuid[], $4::uuid[], $5::uuid[], $6::bigint[], $7::uuid[], $8::integer[], $9::bigint[],
        $10::bigint[], $11::text[], $12::text[], $13::integer[], $14::integer[], $15::uuid[], $16::uuid[],
        $17::text[], $18::bytea[], $19::text[], $20::text[], $21::text[], $22::bigint[], $23::boolean[],
        $24::text[], $25::text[], $26::uuid[])
        AS t (merchant, sku, offer, supplier, cost_e4, promise_id, quantity, unit_price_e4, amount_minor,
            currency, state, delivered_quantity, settlement_delay_s, source, id, reference, content, intake,
            sales_channel, channel_order_no, retail_unit_price_e4, has_target, notify_url, metadata, event)),
    numbered AS (
        INSERT INTO trade_reference (merchant, reference, order_id, content)
        SELECT merchant, reference, id, content FROM t),
    placed AS (
        INSERT INTO trade_order (
            id, merchant, reference, sku, offer, promise_id, quantity, unit_price_e4, amount_minor, currency,
            state, captured_minor, delivered_quantity, intake, sales_channel, channel_order_no,
            retail_unit_price_e4, has_target, notify_url, metadata, created_at, delivered_at, settles_at,
            source, supplier, cost_e4)
        SELECT id, merchant, reference, sku, offer, promise_id, quantity, unit_price_e4, amount_minor,
            currency, state, amount_minor, delivered_quantity, intake, sales_channel, channel_order_no,
            retail_unit_price_e4, has_target, notify_url, metadata::jsonb, $1::timestamptz,
            CASE WHEN state = 'delivered' THEN $1::timestamptz END,
            CASE WHEN state = 'delivered'
                THEN $1::timestamptz + settlement_delay_s * interval '1 second' END,
            source, supplier, cost_e4
        FROM t)
INSERT INTO trade_placed (id, after, actor, notify, orders, merchants, events, created_at)
SELECT n.id, n.state, n.intake, n.notify, a.orders, a.merchants, a.events, $1::timestamptz
FROM unnest($27::uuid[], $28::text[], $29::text[], $30::boolean[]) AS n (id, state, intake, notify)
CROSS JOIN LATERAL (
    SELECT array_agg(t.id) AS orders, array_agg(t.merchant) AS merchants, array_agg(t.event) AS events
    FROM t
    WHERE t.state = n.state AND t.intake = n.intake AND (t.notify_url IS NOT NULL) = n.notify) AS a
