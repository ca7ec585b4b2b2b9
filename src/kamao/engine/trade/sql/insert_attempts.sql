INSERT INTO trade_attempt (id, order_id, offer, supplier, position, fulfilment, state, created_at)
SELECT t.id, t.order_id, t.offer, t.supplier, t.position, t.fulfilment, 'planned', %s::timestamptz
FROM unnest(%s::uuid[], %s::uuid[], %s::uuid[], %s::uuid[], %s::smallint[], %s::text[])
    AS t (id, order_id, offer, supplier, position, fulfilment)
