INSERT INTO trade_order (
    id, merchant, reference, sku, offer, promise_id, quantity, unit_price_e4, amount_minor, currency, state,
    captured_minor, delivered_quantity, intake, sales_channel, channel_order_no, retail_unit_price_e4,
        has_target,
    notify_url, metadata, purchase, created_at, delivered_at, settles_at)
SELECT t.id, t.merchant, t.reference, t.sku, t.offer, t.promise_id, t.quantity, t.unit_price_e4,
    t.amount_minor,
    t.currency, t.state, t.captured_minor, t.delivered_quantity, t.intake, t.sales_channel,
        t.channel_order_no,
    t.retail_unit_price_e4, t.has_target, t.notify_url, t.metadata::jsonb, t.purchase,
    %s::timestamptz, t.delivered_at, t.settles_at
FROM unnest(
    %s::uuid[], %s::uuid[], %s::text[], %s::uuid[], %s::uuid[], %s::uuid[], %s::integer[], %s::bigint[],
        %s::bigint[],
    %s::text[], %s::text[], %s::bigint[], %s::integer[], %s::text[], %s::text[], %s::text[], %s::bigint[],
        %s::boolean[],
    %s::text[], %s::text[], %s::uuid[], %s::timestamptz[], %s::timestamptz[])
    AS t (id, merchant, reference, sku, offer, promise_id, quantity, unit_price_e4, amount_minor, currency,
        state,
        captured_minor, delivered_quantity, intake, sales_channel, channel_order_no, retail_unit_price_e4,
            has_target, notify_url,
        metadata, purchase, delivered_at, settles_at)
