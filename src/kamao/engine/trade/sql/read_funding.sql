SELECT f.order_id, p.id, a.id, a.name, a.kind, a.owner, a.currency, a.custodian
FROM trade_funding AS f
JOIN ledger_account AS a ON a.id = f.source
LEFT JOIN trade_order AS o ON o.id = f.order_id AND o.purchase IS NOT NULL AND a.kind = 'cash'
LEFT JOIN trade_payment AS p ON p.purchase = o.purchase AND p.state = 'captured'
WHERE f.order_id = ANY (%s::uuid[])
ORDER BY f.order_id, f.source
