INSERT INTO trade_purchase (id, merchant, reference, content, amount_minor, currency, state, contact_key,
    address_key,
    device_key, expires_at, created_at)
SELECT t.id, t.merchant, t.reference, t.content, t.amount_minor, t.currency, 'awaiting_payment',
    t.contact_key,
    t.address_key, t.device_key, t.expires_at, %s::timestamptz
FROM unnest(%s::uuid[], %s::uuid[], %s::text[], %s::bytea[], %s::bigint[], %s::text[], %s::bytea[],
    %s::bytea[],
    %s::bytea[], %s::timestamptz[])
    AS t (id, merchant, reference, content, amount_minor, currency, contact_key, address_key, device_key,
        expires_at)
