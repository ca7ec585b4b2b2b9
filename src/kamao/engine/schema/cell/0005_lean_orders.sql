-- What a plain order costs to write: one row of its own, and its share of one row per batch.

-- What a transaction was decided on without reading it is insisted on while it is written.
CREATE FUNCTION trade_insist(holds boolean) RETURNS boolean LANGUAGE plpgsql STABLE AS $$
BEGIN
    IF holds IS NOT TRUE THEN
        RAISE EXCEPTION 'what this transaction was decided on has changed' USING ERRCODE = '40001';
    END IF;
    RETURN true;
END
$$;

-- The row of the account is locked by whoever writes balances; sharing a lock on the node's one escrow
-- account for each batch made it a hot row. That every delta has its account is checked by the books.
ALTER TABLE ledger_delta DROP CONSTRAINT fk_ledger_delta_account;

-- One payer for the whole amount and one supplier are the rule, and stand in the order itself. Several
-- payers, resellers and a second supplier are rows of their own; the views show all of them alike.
ALTER TABLE trade_order
    ADD COLUMN source uuid,
    ADD COLUMN supplier uuid,
    ADD COLUMN cost_e4 bigint,
    ADD CONSTRAINT ck_trade_order_supplier CHECK ((supplier IS NULL) = (cost_e4 IS NULL));
COMMENT ON COLUMN trade_order.source IS 'account that paid the whole amount; NULL: see trade_order_funding';
COMMENT ON COLUMN trade_order.supplier IS 'first supplier, at cost_e4 a unit; NULL: see trade_order_party';

CREATE VIEW trade_funding AS
SELECT id AS order_id, source, amount_minor FROM trade_order WHERE source IS NOT NULL
UNION ALL
SELECT order_id, source, amount_minor FROM trade_order_funding;

CREATE VIEW trade_party AS
SELECT id AS order_id, 1::smallint AS position, 'supplier'::text AS role, supplier AS organisation,
    cost_e4 AS unit_price_e4
FROM trade_order WHERE supplier IS NOT NULL
UNION ALL
SELECT order_id, position, role, organisation, unit_price_e4 FROM trade_order_party;

-- The first event of every order of a batch: one row for those that begin alike.
CREATE TABLE trade_placed (
    id uuid CONSTRAINT pk_trade_placed PRIMARY KEY,
    after text NOT NULL,
    actor text NOT NULL,
    notify boolean NOT NULL,
    orders uuid[] NOT NULL,
    merchants uuid[] NOT NULL,
    events uuid[] NOT NULL,
    created_at timestamptz NOT NULL,
    CONSTRAINT ck_trade_placed_events CHECK (
        cardinality(orders) = cardinality(events) AND cardinality(orders) = cardinality(merchants))
) WITH (autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_threshold = 500,
    autovacuum_vacuum_cost_delay = 1);

CREATE VIEW trade_pending_event AS
SELECT id, type, organisation, order_id, subject, before, after, actor, reason, data, created_at
FROM trade_outbox
UNION ALL
SELECT u.event, 'order.' || p.after, u.merchant, u.order_id, NULL, NULL, p.after, p.actor, '', NULL,
    p.created_at
FROM trade_placed AS p
CROSS JOIN LATERAL unnest(p.orders, p.merchants, p.events) AS u (order_id, merchant, event);

-- What events say of an order, as it was then.
CREATE FUNCTION trade_order_facts(
    o trade_order, state text, delivered_quantity integer, refunded_minor bigint, units_refunded integer,
    reason text) RETURNS jsonb LANGUAGE sql STABLE AS $$
    SELECT jsonb_build_object(
        'order', o.id, 'reference', o.reference, 'sku', (SELECT code FROM pricing_sku WHERE id = o.sku),
        'quantity', o.quantity, 'state', state, 'amount', o.amount_minor, 'currency', o.currency,
        'delivered_quantity', delivered_quantity, 'refunded_amount', refunded_minor, 'units_refunded',
        units_refunded, 'channel_order_no', o.channel_order_no, 'reason', reason)
$$;

-- What the first event of an order says stands in the order, and does not change: it is put together for
-- whoever reads the event, not for each of millions that nobody asks for.
ALTER TABLE trade_event ALTER COLUMN data DROP NOT NULL;
COMMENT ON COLUMN trade_event.data IS 'NULL: see trade_event_data';

CREATE FUNCTION trade_event_data(event trade_event) RETURNS jsonb LANGUAGE sql STABLE AS $$
    SELECT coalesce(event.data, (
        SELECT trade_order_facts(
            o, event.after, CASE WHEN event.after = 'delivered' THEN o.quantity ELSE 0 END, 0, 0,
            event.reason)
        FROM trade_order AS o WHERE o.id = event.order_id), '{}')
$$;
