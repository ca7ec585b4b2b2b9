-- Everything a new order consists of besides money and codes. $1 is the moment of the batch. Orders that were
-- placed in one state share a row that announces them.
WITH t AS MATERIALIZED (
    SELECT * FROM unnest(
        $2::uuid[], $3::uuid[], $4::text[], $5::bytea[], $6::uuid[], $7::uuid[], $8::uuid[], $9::bigint[],
        $10::uuid[], $11::integer[], $12::bigint[], $13::bigint[], $14::text[], $15::text[], $16::integer[],
        $17::integer[], $18::text[], $19::text[], $20::text[], $21::bigint[], $22::boolean[], $23::text[],
        $24::text[], $25::uuid[], $26::uuid[])
        AS t (id, merchant, reference, content, sku, offer, supplier, cost_e4, promise_id, quantity,
            unit_price_e4, amount_minor, currency, state, delivered_quantity, settlement_delay_s, intake,
            sales_channel, channel_order_no, retail_unit_price_e4, has_target, notify_url, metadata, source,
            event)),
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
INSERT INTO trade_placed (id, after, orders, events, created_at)
SELECT a.id, a.state, a.orders, a.events, $1::timestamptz
FROM unnest($27::uuid[], $28::text[]) AS n (id, state)
CROSS JOIN LATERAL (
    SELECT n.id, n.state, array_agg(t.id) AS orders, array_agg(t.event) AS events
    FROM t WHERE t.state = n.state) AS a
