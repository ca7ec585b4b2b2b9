SELECT p.merchant, p.reference, p.id, p.content, p.amount_minor
FROM unnest(%s::uuid[], %s::text[]) AS t (merchant, reference)
JOIN trade_purchase AS p ON p.merchant = t.merchant AND p.reference = t.reference
