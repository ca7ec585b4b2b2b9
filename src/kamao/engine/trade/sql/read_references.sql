SELECT r.merchant, r.reference, r.order_id, r.content
FROM unnest(%s::uuid[], %s::text[]) AS t (merchant, reference)
JOIN trade_reference AS r ON r.merchant = t.merchant AND r.reference = t.reference
