-- The epoch of prices on every row, and behind it the references that exist already (none: one row of NULLs).
SELECT e.epoch, r.merchant, r.reference, r.order_id, r.content
FROM pricing_epoch AS e
LEFT JOIN (
    unnest(%s::uuid[], %s::text[]) AS t (merchant, reference)
    JOIN trade_reference AS r ON r.merchant = t.merchant AND r.reference = t.reference) ON true
