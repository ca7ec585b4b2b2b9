SELECT a.id, a.order_id, a.supplier, a.state, f.settlement_delay_s
FROM trade_attempt AS a
JOIN pricing_offer AS f ON f.id = a.offer
WHERE a.id = ANY (%s::uuid[])
