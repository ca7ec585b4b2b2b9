INSERT INTO trade_payment (id, provider, provider_payment_no, purchase, amount_minor, currency, state,
    reason, paid_at,
    created_at)
SELECT t.id, t.provider, t.provider_payment_no, t.purchase, t.amount_minor, t.currency, t.state, t.reason,
    t.paid_at,
    %s::timestamptz
FROM unnest(%s::uuid[], %s::text[], %s::text[], %s::uuid[], %s::bigint[], %s::text[], %s::text[], %s::text[],
    %s::timestamptz[])
    AS t (id, provider, provider_payment_no, purchase, amount_minor, currency, state, reason, paid_at)
