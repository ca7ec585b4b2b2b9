UPDATE trade_payment AS p SET refunded_minor = p.refunded_minor + t.amount_minor
FROM unnest(%s::uuid[], %s::bigint[]) AS t (id, amount_minor)
WHERE p.id = t.id
