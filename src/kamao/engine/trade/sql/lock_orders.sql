SELECT id, merchant, sku, offer, quantity, unit_price_e4, amount_minor, currency, state,
    captured_minor, subsidy_minor, refunded_escrow_minor, refunded_settled_minor, settled_minor,
    delivered_quantity, units_refunded, intake, retail_unit_price_e4, purchase, disputes_open, message,
    created_at, delivered_at, settles_at
FROM trade_order
WHERE id = ANY (%s::uuid[])
ORDER BY id
FOR NO KEY UPDATE
