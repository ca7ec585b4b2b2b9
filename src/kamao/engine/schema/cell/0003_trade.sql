-- Orders and what follows from them. Immutable rows beside one row per order that changes under its lock.

CREATE TABLE trade_merchant (
    id uuid CONSTRAINT pk_trade_merchant PRIMARY KEY,
    level smallint NOT NULL DEFAULT 0,
    status text NOT NULL CONSTRAINT ck_trade_merchant_status CHECK (status IN ('active', 'suspended')),
    created_at timestamptz NOT NULL
);

CREATE TABLE trade_supplier (
    id uuid CONSTRAINT pk_trade_supplier PRIMARY KEY,
    settlement_delay_s integer NOT NULL,
    status text NOT NULL CONSTRAINT ck_trade_supplier_status CHECK (status IN ('active', 'suspended')),
    created_at timestamptz NOT NULL
);

-- (merchant, reference) is the idempotency of an order; this table is never dropped.
CREATE TABLE trade_reference (
    merchant uuid NOT NULL,
    reference text NOT NULL,
    order_id uuid NOT NULL,
    content bytea NOT NULL,
    CONSTRAINT pk_trade_reference PRIMARY KEY (merchant, reference)
);

CREATE TABLE trade_order_state (
    before text NOT NULL,
    after text NOT NULL,
    CONSTRAINT pk_trade_order_state PRIMARY KEY (before, after)
);
INSERT INTO trade_order_state (before, after) VALUES
    ('awaiting_payment', 'awaiting_funds'), ('awaiting_payment', 'paid'), ('awaiting_payment', 'delivered'),
    ('awaiting_payment', 'cancelled'),
    ('awaiting_funds', 'paid'), ('awaiting_funds', 'delivered'), ('awaiting_funds', 'cancelled'),
    ('paid', 'fulfilling'), ('paid', 'delivered'), ('paid', 'failed'), ('paid', 'cancelled'), ('paid',
        'refunded'),
    ('fulfilling', 'in_doubt'), ('fulfilling', 'cancelling'), ('fulfilling', 'delivered'), ('fulfilling',
        'failed'),
    ('fulfilling', 'cancelled'), ('fulfilling', 'refunded'),
    ('in_doubt', 'delivered'), ('in_doubt', 'fulfilling'), ('in_doubt', 'failed'),
    ('cancelling', 'fulfilling'), ('cancelling', 'in_doubt'), ('cancelling', 'delivered'), ('cancelling',
        'cancelled'),
    ('cancelling', 'failed'),
    ('delivered', 'settled'), ('delivered', 'refunded'),
    ('settled', 'refunded');

CREATE TABLE trade_order (
    id uuid NOT NULL,
    merchant uuid NOT NULL,
    reference text NOT NULL,
    sku uuid NOT NULL,
    offer uuid,
    promise_id uuid,
    quantity integer NOT NULL CONSTRAINT ck_trade_order_quantity CHECK (quantity > 0),
    unit_price_e4 bigint NOT NULL CONSTRAINT ck_trade_order_price CHECK (unit_price_e4 >= 0),
    amount_minor bigint NOT NULL CONSTRAINT ck_trade_order_amount CHECK (amount_minor >= 0),
    currency text NOT NULL,
    state text NOT NULL CONSTRAINT ck_trade_order_state CHECK (state IN (
        'awaiting_payment', 'awaiting_funds', 'paid', 'fulfilling', 'in_doubt', 'cancelling', 'delivered',
            'settled',
        'refunded', 'failed', 'cancelled')),
    captured_minor bigint NOT NULL DEFAULT 0,
    subsidy_minor bigint NOT NULL DEFAULT 0,
    refunded_escrow_minor bigint NOT NULL DEFAULT 0,
    refunded_settled_minor bigint NOT NULL DEFAULT 0,
    settled_minor bigint NOT NULL DEFAULT 0,
    delivered_quantity integer NOT NULL DEFAULT 0,
    units_refunded integer NOT NULL DEFAULT 0,
    intake text NOT NULL,
    sales_channel text,
    channel_order_no text,
    retail_unit_price_e4 bigint,
    purchase uuid,
    has_target boolean NOT NULL DEFAULT false,
    disputes_open smallint NOT NULL DEFAULT 0,
    notify_url text,
    message text,
    metadata jsonb,
    created_at timestamptz NOT NULL,
    delivered_at timestamptz,
    settles_at timestamptz,
    CONSTRAINT pk_trade_order PRIMARY KEY (id),
    CONSTRAINT ck_trade_order_held
        CHECK (captured_minor + subsidy_minor - refunded_escrow_minor - settled_minor >= 0),
    CONSTRAINT ck_trade_order_refunded CHECK (refunded_settled_minor <= settled_minor),
    CONSTRAINT ck_trade_order_units CHECK (
        delivered_quantity BETWEEN 0 AND quantity AND units_refunded BETWEEN 0 AND quantity)
) PARTITION BY RANGE (id);
CREATE INDEX trade_order_merchant ON trade_order (merchant, id);
CREATE INDEX trade_order_settles ON trade_order (settles_at) WHERE state = 'delivered' AND disputes_open = 0;
CREATE INDEX trade_order_open ON trade_order (state, id)
    WHERE state IN ('awaiting_funds', 'paid', 'fulfilling', 'in_doubt', 'cancelling');
CREATE INDEX trade_order_purchase ON trade_order (purchase) WHERE purchase IS NOT NULL;
CREATE INDEX trade_order_channel ON trade_order (merchant, channel_order_no)
    WHERE channel_order_no IS NOT NULL;

-- Who paid an order, and who gains from it at which unit price (supplier, platform, merchant, one per level
-- of sub-shop).
CREATE TABLE trade_order_funding (
    order_id uuid NOT NULL,
    source uuid NOT NULL,
    amount_minor bigint NOT NULL CONSTRAINT ck_trade_order_funding_amount CHECK (amount_minor > 0),
    CONSTRAINT pk_trade_order_funding PRIMARY KEY (order_id, source)
) PARTITION BY RANGE (order_id);

CREATE TABLE trade_order_party (
    order_id uuid NOT NULL,
    position smallint NOT NULL,
    role text NOT NULL CONSTRAINT ck_trade_order_party_role CHECK (role IN ('supplier', 'platform',
        'merchant', 'referrer')),
    organisation uuid,
    unit_price_e4 bigint NOT NULL CONSTRAINT ck_trade_order_party_price CHECK (unit_price_e4 >= 0),
    CONSTRAINT pk_trade_order_party PRIMARY KEY (order_id, position)
) PARTITION BY RANGE (order_id);
CREATE INDEX trade_order_party_supplier ON trade_order_party (organisation, order_id) WHERE role = 'supplier';

-- Personal data of an order (target, buyer address): sealed, erasable, never referred to by other rows.
CREATE TABLE trade_order_private (
    order_id uuid CONSTRAINT pk_trade_order_private PRIMARY KEY,
    wrapped_key bytea NOT NULL,
    sealed bytea NOT NULL,
    target_hash bytea
);
CREATE INDEX trade_order_private_target ON trade_order_private (target_hash) WHERE target_hash IS NOT NULL;

-- One delivered item. For codes the item's id is the code's id; other items carry their own sealed content.
CREATE TABLE trade_delivery (
    order_id uuid NOT NULL,
    item uuid NOT NULL,
    kind text NOT NULL,
    lot uuid,
    wrapped_key bytea,
    sealed bytea,
    opening bytea,
    superseded_at timestamptz,
    created_at timestamptz NOT NULL,
    CONSTRAINT pk_trade_delivery PRIMARY KEY (order_id, item)
) PARTITION BY RANGE (order_id);

CREATE TABLE trade_attempt (
    id uuid CONSTRAINT pk_trade_attempt PRIMARY KEY,
    order_id uuid NOT NULL,
    offer uuid NOT NULL,
    supplier uuid NOT NULL,
    position smallint NOT NULL,
    fulfilment text NOT NULL,
    state text NOT NULL CONSTRAINT ck_trade_attempt_state
        CHECK (state IN ('planned', 'sent', 'in_doubt', 'succeeded', 'failed', 'dropped')),
    upstream_no text,
    answer_code text,
    evidence_sealed bytea,
    created_at timestamptz NOT NULL,
    sent_at timestamptz,
    closed_at timestamptz,
    CONSTRAINT uq_trade_attempt_position UNIQUE (order_id, position)
);
CREATE INDEX trade_attempt_open ON trade_attempt (supplier, id) WHERE state IN ('planned', 'sent',
    'in_doubt');

-- What must happen after commit: read and deleted by the sequencer. The row holds what an event needs besides
-- the order.
CREATE TABLE trade_outbox (
    id uuid CONSTRAINT pk_trade_outbox PRIMARY KEY,
    type text NOT NULL,
    organisation uuid NOT NULL,
    order_id uuid,
    subject uuid,
    before text,
    after text,
    actor text NOT NULL,
    reason text NOT NULL DEFAULT '',
    data jsonb,
    created_at timestamptz NOT NULL
) WITH (autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_threshold = 2000,
    autovacuum_vacuum_cost_delay = 1);

CREATE TABLE trade_event (
    seq bigint NOT NULL,
    id uuid NOT NULL,
    type text NOT NULL,
    organisation uuid NOT NULL,
    order_id uuid,
    subject uuid,
    before text,
    after text,
    actor text NOT NULL,
    reason text NOT NULL,
    notify boolean NOT NULL,
    data jsonb NOT NULL,
    created_at timestamptz NOT NULL,
    CONSTRAINT pk_trade_event PRIMARY KEY (id)
) PARTITION BY RANGE (id);
COMMENT ON COLUMN trade_event.notify IS 'the order brought an address of its own to be told';
CREATE INDEX trade_event_seq ON trade_event (seq);
CREATE INDEX trade_event_organisation ON trade_event (organisation, seq);
CREATE INDEX trade_event_order ON trade_event (order_id) WHERE order_id IS NOT NULL;

-- Last number given by each sequencer; its row is the sequencer's lock.
CREATE TABLE trade_sequence (
    name text CONSTRAINT pk_trade_sequence PRIMARY KEY,
    seq bigint NOT NULL
);
INSERT INTO trade_sequence VALUES ('event', 0);

CREATE TABLE provenance_outbox (
    id uuid NOT NULL,
    leaf bytea NOT NULL,
    CONSTRAINT pk_provenance_outbox PRIMARY KEY (id)
) PARTITION BY RANGE (id);
