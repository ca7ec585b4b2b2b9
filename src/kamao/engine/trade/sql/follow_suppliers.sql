UPDATE pricing_offer AS o SET settlement_delay_s = t.settlement_delay_s
FROM unnest(%s::uuid[], %s::integer[]) AS t (supplier, settlement_delay_s)
WHERE o.supplier = t.supplier AND o.settlement_delay_s <> t.settlement_delay_s
