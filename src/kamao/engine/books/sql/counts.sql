SELECT (SELECT count(*) FROM trade_order), (SELECT count(*) FROM ledger_posting), (SELECT count(*)
    FROM stock_code)
