-- Codes become an order's: sold, delivered with a sealed opening, and a leaf for the provenance log.
-- $1 is the moment of the batch.
WITH t AS MATERIALIZED (
    SELECT * FROM unnest($2::uuid[], $3::uuid[], $4::uuid[], $5::bytea[], $6::uuid[], $7::bytea[])
        AS t (item, holder, lot, opening, leaf_id, leaf)),
    sold AS (
        UPDATE stock_code AS c SET state = 'sold', holder = t.holder
        FROM t
        WHERE c.id = t.item AND c.state IN ('free', 'reserved')
        RETURNING c.id),
    delivered AS (
        INSERT INTO trade_delivery (order_id, item, kind, lot, opening, created_at)
        SELECT holder, item, 'code', lot, opening, $1::timestamptz FROM t)
INSERT INTO provenance_outbox (id, leaf)
SELECT leaf_id, leaf FROM t
WHERE trade_insist((SELECT count(*) FROM sold) = cardinality($2::uuid[]))
