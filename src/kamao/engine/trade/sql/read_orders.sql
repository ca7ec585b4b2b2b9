SELECT o.id, o.merchant, o.reference, k.code, o.quantity, o.unit_price_e4, o.amount_minor, o.currency,
    o.state,
    o.intake, o.sales_channel, o.channel_order_no, o.has_target, o.delivered_quantity,
    (o.refunded_escrow_minor + o.refunded_settled_minor)::bigint, o.units_refunded, o.message, o.created_at,
    o.delivered_at, o.settles_at, convert_to(o.metadata::text, 'UTF8'), o.purchase
FROM trade_order AS o
JOIN pricing_sku AS k ON k.id = o.sku
WHERE o.id = ANY (%s::uuid[])
