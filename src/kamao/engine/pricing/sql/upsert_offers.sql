INSERT INTO pricing_offer (id, supplier, sku, fulfilment, sale_model, currency, tax_included, tax_e4,
    settlement_delay_s, status, updated_at)
SELECT t.id, t.supplier, t.sku, t.fulfilment, t.sale_model, t.currency, t.tax_included, t.tax_e4,
    t.settlement_delay_s, t.status, %s::timestamptz
FROM unnest(%s::uuid[], %s::uuid[], %s::uuid[], %s::text[], %s::text[], %s::text[], %s::boolean[],
    %s::bigint[],
    %s::integer[], %s::text[])
    AS t (id, supplier, sku, fulfilment, sale_model, currency, tax_included, tax_e4, settlement_delay_s,
        status)
ON CONFLICT (id) DO UPDATE SET
    sku = excluded.sku, fulfilment = excluded.fulfilment, sale_model = excluded.sale_model,
    tax_included = excluded.tax_included, tax_e4 = excluded.tax_e4,
        settlement_delay_s = excluded.settlement_delay_s,
    status = excluded.status, updated_at = excluded.updated_at
