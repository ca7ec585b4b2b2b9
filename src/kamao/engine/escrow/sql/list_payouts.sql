SELECT h.id, h.amount_minor, h.currency, coalesce(r.outcome, 'pending'), h.created_at, r.created_at
FROM ledger_hold AS h
LEFT JOIN ledger_hold_resolution AS r ON r.hold = h.id
WHERE h.debit = %s AND h.kind = 'payout' AND (%s::uuid IS NULL OR h.id < %s::uuid)
ORDER BY h.id DESC
LIMIT %s
