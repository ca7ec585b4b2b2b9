-- Codes: sealed, unique, each in exactly one place (its state). Dead rows are expected: every sale updates
-- one row.

CREATE TABLE stock_lot (
    id uuid CONSTRAINT pk_stock_lot PRIMARY KEY,
    offer uuid NOT NULL,
    supplier uuid NOT NULL,
    sku uuid NOT NULL,
    wrapped_key bytea NOT NULL,
    source text NOT NULL DEFAULT '',
    unit_cost_e4 bigint,
    imported integer NOT NULL DEFAULT 0,
    recalled integer NOT NULL DEFAULT 0,
    state text NOT NULL DEFAULT 'open' CONSTRAINT ck_stock_lot_state CHECK (state IN ('open', 'recalled')),
    created_at timestamptz NOT NULL
);
CREATE INDEX stock_lot_offer ON stock_lot (offer, id);
CREATE INDEX stock_lot_supplier ON stock_lot (supplier, id);

CREATE TABLE stock_code (
    id uuid CONSTRAINT pk_stock_code PRIMARY KEY,
    offer uuid NOT NULL,
    lot uuid NOT NULL,
    holder uuid,
    expires_at timestamptz NOT NULL DEFAULT 'infinity',
    state text NOT NULL DEFAULT 'free' CONSTRAINT ck_stock_code_state
        CHECK (state IN ('free', 'reserved', 'sold', 'recalled', 'withdrawn')),
    sealed bytea,
    CONSTRAINT ck_stock_code_holder CHECK ((state IN ('reserved', 'sold')) = (holder IS NOT NULL))
) WITH (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 5000,
    autovacuum_vacuum_cost_delay = 1);
-- Allocation: earliest expiry first, then import order. The id ends the key, so a low-water mark is a row
-- comparison.
CREATE INDEX stock_code_free ON stock_code (offer, expires_at, id) WHERE state = 'free';
CREATE INDEX stock_code_reserved ON stock_code (holder) WHERE state = 'reserved';
-- Only unsold codes are looked up by lot, so a sale adds no entry here.
CREATE INDEX stock_code_lot ON stock_code (lot) WHERE state = 'free';

-- Keyed fingerprints refuse a second import of one code for ever; rotation of the index key fills the second
-- column.
CREATE TABLE stock_fingerprint (
    fingerprint bytea CONSTRAINT pk_stock_fingerprint PRIMARY KEY,
    code uuid NOT NULL,
    fingerprint_next bytea
);
-- Partial: outside a rotation the column is empty, and an import pays for one index instead of two.
CREATE UNIQUE INDEX uq_stock_fingerprint_next ON stock_fingerprint (fingerprint_next)
    WHERE fingerprint_next IS NOT NULL;

-- Raised whenever codes may appear behind an allocation's low-water mark: import, release, return.
CREATE TABLE stock_epoch (
    offer uuid CONSTRAINT pk_stock_epoch PRIMARY KEY,
    epoch bigint NOT NULL
);

-- Who saw a code, when and why. Append-only.
CREATE TABLE stock_reveal (
    id uuid CONSTRAINT pk_stock_reveal PRIMARY KEY,
    code uuid NOT NULL,
    order_id uuid,
    actor text NOT NULL,
    reason text NOT NULL,
    created_at timestamptz NOT NULL
);
CREATE INDEX stock_reveal_order ON stock_reveal (order_id);
