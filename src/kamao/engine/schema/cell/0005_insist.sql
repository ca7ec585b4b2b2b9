-- What a transaction was decided on without reading it is insisted on while it is written.

CREATE FUNCTION trade_insist(holds boolean) RETURNS boolean LANGUAGE plpgsql STABLE AS $$
BEGIN
    IF holds IS NOT TRUE THEN
        RAISE EXCEPTION 'what this transaction was decided on has changed' USING ERRCODE = '40001';
    END IF;
    RETURN true;
END
$$;

-- The row of the account is locked by whoever writes balances; sharing a lock on the node's one escrow account
-- for each batch made it a hot row. That every delta has its account is checked by the books.
ALTER TABLE ledger_delta DROP CONSTRAINT fk_ledger_delta_account;
