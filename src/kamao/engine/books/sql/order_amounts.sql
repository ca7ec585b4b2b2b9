-- An order paid from a wallet costs quantity times unit price, rounded once, half up.
SELECT id, (unit_price_e4 * quantity + 50) / 100, amount_minor
FROM trade_order
WHERE currency = 'CNY' AND purchase IS NULL AND amount_minor <> (unit_price_e4 * quantity + 50) / 100
