UPDATE trade_order AS o SET
    state = t.state, offer = t.offer, captured_minor = t.captured, subsidy_minor = t.subsidy,
    refunded_escrow_minor = t.refunded_escrow, refunded_settled_minor = t.refunded_settled,
        settled_minor = t.settled,
    delivered_quantity = t.delivered_quantity, units_refunded = t.units_refunded, message = t.message,
    delivered_at = t.delivered_at, settles_at = t.settles_at
FROM unnest(%s::uuid[], %s::text[], %s::uuid[], %s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[],
    %s::bigint[],
    %s::integer[], %s::integer[], %s::text[], %s::timestamptz[], %s::timestamptz[])
    AS t (id, state, offer, captured, subsidy, refunded_escrow, refunded_settled, settled, delivered_quantity,
        units_refunded, message, delivered_at, settles_at)
WHERE o.id = t.id
