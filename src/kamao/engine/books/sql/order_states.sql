-- A state says what became of the money: nothing is held by an ended order, something was captured for an
-- open one.
SELECT id, state, concat_ws('/', amount_minor, captured_minor, subsidy_minor, refunded_escrow_minor,
    settled_minor)
FROM trade_order
WHERE (state IN ('settled', 'failed', 'cancelled')
        AND captured_minor + subsidy_minor - refunded_escrow_minor - settled_minor <> 0)
    OR (state IN ('failed', 'cancelled') AND settled_minor <> 0)
    OR (state = 'refunded' AND units_refunded <> quantity)
    OR (state IN ('paid', 'fulfilling', 'in_doubt', 'cancelling', 'delivered', 'settled')
        AND captured_minor + subsidy_minor <> amount_minor)
    OR (state IN ('awaiting_payment', 'awaiting_funds') AND captured_minor <> 0)
