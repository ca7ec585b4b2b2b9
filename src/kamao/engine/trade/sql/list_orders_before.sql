SELECT o.id
FROM trade_order AS o
WHERE (%(merchant)s::uuid IS NULL OR o.merchant = %(merchant)s::uuid)
    AND (%(reference)s::text IS NULL OR o.id = (
        SELECT r.order_id FROM trade_reference AS r
        WHERE r.merchant = %(merchant)s::uuid AND r.reference = %(reference)s::text))
    AND (%(channel_order_no)s::text IS NULL OR o.channel_order_no = %(channel_order_no)s::text)
    AND (%(target_hash)s::bytea IS NULL OR o.id IN (
        SELECT t.order_id FROM trade_order_private AS t WHERE t.target_hash = %(target_hash)s::bytea))
    AND (%(state)s::text IS NULL OR o.state = %(state)s::text)
    AND (%(sku)s::text IS NULL OR o.sku = (SELECT k.id FROM pricing_sku AS k WHERE k.code = %(sku)s::text))
    AND (%(created_from)s::timestamptz IS NULL OR o.created_at >= %(created_from)s::timestamptz)
    AND (%(created_until)s::timestamptz IS NULL OR o.created_at < %(created_until)s::timestamptz)
    AND (%(cursor)s::uuid IS NULL OR o.id > %(cursor)s::uuid)
ORDER BY o.id
LIMIT %(limit)s
