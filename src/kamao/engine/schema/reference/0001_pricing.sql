-- What every cell of a mode reads: SKUs, offers, prices. Written rarely, read by every batch through a cache
-- that is checked against pricing_epoch inside the reading transaction.

CREATE TABLE pricing_epoch (
    id smallint CONSTRAINT pk_pricing_epoch PRIMARY KEY CONSTRAINT ck_pricing_epoch_single CHECK (id = 1),
    epoch bigint NOT NULL
);
INSERT INTO pricing_epoch VALUES (1, 1);

CREATE TABLE pricing_sku (
    id uuid CONSTRAINT pk_pricing_sku PRIMARY KEY,
    code text NOT NULL CONSTRAINT uq_pricing_sku_code UNIQUE,
    kind text NOT NULL CONSTRAINT ck_pricing_sku_kind
        CHECK (kind IN ('code', 'topup', 'voucher', 'licence', 'course', 'collectible', 'parcel', 'manual')),
    currency text NOT NULL CONSTRAINT ck_pricing_sku_currency CHECK (currency ~ '^[A-Z]{3}$'),
    categories uuid[] NOT NULL DEFAULT '{}',
    min_quantity integer NOT NULL DEFAULT 1,
    max_quantity integer NOT NULL DEFAULT 1000,
    multiple integer NOT NULL DEFAULT 1,
    official_price_e4 bigint,
    target_required boolean NOT NULL DEFAULT false,
    promise_s integer NOT NULL DEFAULT 0,
    promise_id uuid,
    status text NOT NULL CONSTRAINT ck_pricing_sku_status CHECK (status IN ('active', 'hidden', 'withdrawn')),
    updated_at timestamptz NOT NULL,
    CONSTRAINT ck_pricing_sku_quantity
        CHECK (min_quantity >= 1 AND multiple >= 1 AND max_quantity BETWEEN min_quantity AND 1000000)
);

CREATE TABLE pricing_offer (
    id uuid CONSTRAINT pk_pricing_offer PRIMARY KEY,
    supplier uuid NOT NULL,
    sku uuid NOT NULL CONSTRAINT fk_pricing_offer_sku REFERENCES pricing_sku,
    fulfilment text NOT NULL CONSTRAINT ck_pricing_offer_fulfilment CHECK (fulfilment IN ('stock', 'manual',
        'upstream')),
    sale_model text NOT NULL CONSTRAINT ck_pricing_offer_sale_model CHECK (sale_model IN ('self_operated',
        'agency')),
    currency text NOT NULL,
    tax_included boolean NOT NULL,
    tax_e4 bigint NOT NULL DEFAULT 0 CONSTRAINT ck_pricing_offer_tax CHECK (tax_e4 >= 0),
    settlement_delay_s integer NOT NULL DEFAULT 604800,
    status text NOT NULL CONSTRAINT ck_pricing_offer_status CHECK (status IN ('active', 'paused',
        'withdrawn')),
    updated_at timestamptz NOT NULL
);
CREATE INDEX pricing_offer_sku ON pricing_offer (sku) WHERE status = 'active';
CREATE INDEX pricing_offer_supplier ON pricing_offer (supplier, id);

-- Effective dating: a row ends where the next one of its key begins.
CREATE TABLE pricing_supply_price (
    offer uuid NOT NULL CONSTRAINT fk_pricing_supply_price_offer REFERENCES pricing_offer,
    effective_from timestamptz NOT NULL,
    supply_price_e4 bigint NOT NULL CONSTRAINT ck_pricing_supply_price CHECK (supply_price_e4 > 0),
    CONSTRAINT pk_pricing_supply_price PRIMARY KEY (offer, effective_from)
);

CREATE TABLE pricing_rule (
    audience_kind text NOT NULL CONSTRAINT ck_pricing_rule_audience_kind
        CHECK (audience_kind IN ('private', 'level', 'template', 'default')),
    audience text NOT NULL DEFAULT '',
    target_kind text NOT NULL CONSTRAINT ck_pricing_rule_target_kind CHECK (target_kind IN ('sku',
        'category', 'any')),
    target uuid NOT NULL DEFAULT '00000000-0000-0000-0000-000000000000',
    min_quantity integer NOT NULL DEFAULT 1 CONSTRAINT ck_pricing_rule_quantity CHECK (min_quantity >= 1),
    effective_from timestamptz NOT NULL,
    fixed_e4 bigint CONSTRAINT ck_pricing_rule_fixed CHECK (fixed_e4 > 0),
    markup_per_mille integer CONSTRAINT ck_pricing_rule_markup CHECK (markup_per_mille BETWEEN -999
        AND 100000),
    markup_e4 bigint NOT NULL DEFAULT 0,
    CONSTRAINT pk_pricing_rule
        PRIMARY KEY (audience_kind, audience, target_kind, target, min_quantity, effective_from),
    CONSTRAINT ck_pricing_rule_one_method CHECK (fixed_e4 IS NULL OR markup_per_mille IS NULL),
    CONSTRAINT ck_pricing_rule_audience CHECK ((audience = '') = (audience_kind IN ('template', 'default')))
);
CREATE INDEX pricing_rule_target ON pricing_rule (target);

CREATE TABLE pricing_channel_limit (
    target_kind text NOT NULL CONSTRAINT ck_pricing_channel_limit_target_kind CHECK (target_kind IN ('sku',
        'category', 'any')),
    target uuid NOT NULL DEFAULT '00000000-0000-0000-0000-000000000000',
    sales_channel text NOT NULL DEFAULT '',
    effective_from timestamptz NOT NULL,
    floor_e4 bigint,
    ceiling_e4 bigint,
    CONSTRAINT pk_pricing_channel_limit PRIMARY KEY (target_kind, target, sales_channel, effective_from),
    CONSTRAINT ck_pricing_channel_limit_order CHECK (floor_e4 IS NULL OR ceiling_e4 IS NULL
        OR floor_e4 <= ceiling_e4)
);
CREATE INDEX pricing_channel_limit_target ON pricing_channel_limit (target);
