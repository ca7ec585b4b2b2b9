SELECT p.provider, p.provider_payment_no, p.amount_minor, p.currency
FROM unnest(%s::text[], %s::text[]) AS t (provider, provider_payment_no)
JOIN trade_payment AS p ON p.provider = t.provider AND p.provider_payment_no = t.provider_payment_no
