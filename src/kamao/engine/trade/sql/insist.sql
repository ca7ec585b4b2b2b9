-- Ends the transaction unless the epochs of prices and of these offers' stock are still those.
SELECT trade_insist(
    (SELECT epoch = ($1::bigint[])[1] FROM pricing_epoch)
    AND (SELECT count(*)
        FROM unnest($2::uuid[], $3::bigint[]) AS t (offer, epoch)
        JOIN stock_epoch AS e ON e.offer = t.offer AND e.epoch = t.epoch) = cardinality($2::uuid[]))
