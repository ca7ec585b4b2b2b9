-- What consumers pay: purchases, payments, refunds.

CREATE TABLE trade_purchase (
    id uuid CONSTRAINT pk_trade_purchase PRIMARY KEY,
    merchant uuid NOT NULL,
    reference text NOT NULL,
    content bytea NOT NULL,
    amount_minor bigint NOT NULL CONSTRAINT ck_trade_purchase_amount CHECK (amount_minor > 0),
    currency text NOT NULL,
    state text NOT NULL CONSTRAINT ck_trade_purchase_state
        CHECK (state IN ('awaiting_payment', 'closing', 'paid', 'expired', 'cancelled', 'refunded')),
    contact_key bytea,
    address_key bytea,
    device_key bytea,
    expires_at timestamptz NOT NULL,
    created_at timestamptz NOT NULL,
    paid_at timestamptz,
    CONSTRAINT uq_trade_purchase_reference UNIQUE (merchant, reference)
);
CREATE INDEX trade_purchase_due ON trade_purchase (expires_at) WHERE state IN ('awaiting_payment', 'closing');
CREATE INDEX trade_purchase_contact ON trade_purchase (contact_key, created_at) WHERE contact_key IS NOT NULL;
CREATE INDEX trade_purchase_address ON trade_purchase (address_key, created_at) WHERE address_key IS NOT NULL;
CREATE INDEX trade_purchase_device ON trade_purchase (device_key, created_at) WHERE device_key IS NOT NULL;

CREATE TABLE trade_payment (
    id uuid CONSTRAINT pk_trade_payment PRIMARY KEY,
    provider text NOT NULL,
    provider_payment_no text NOT NULL,
    purchase uuid,
    amount_minor bigint NOT NULL CONSTRAINT ck_trade_payment_amount CHECK (amount_minor > 0),
    currency text NOT NULL,
    state text NOT NULL CONSTRAINT ck_trade_payment_state CHECK (state IN ('captured', 'unapplied')),
    refunded_minor bigint NOT NULL DEFAULT 0,
    reason text NOT NULL DEFAULT '',
    paid_at timestamptz NOT NULL,
    created_at timestamptz NOT NULL,
    CONSTRAINT uq_trade_payment_provider UNIQUE (provider, provider_payment_no),
    CONSTRAINT ck_trade_payment_refunded CHECK (refunded_minor BETWEEN 0 AND amount_minor)
);
CREATE INDEX trade_payment_purchase ON trade_payment (purchase) WHERE purchase IS NOT NULL;

CREATE TABLE trade_refund (
    id uuid CONSTRAINT pk_trade_refund PRIMARY KEY,
    order_id uuid,
    payment uuid CONSTRAINT fk_trade_refund_payment REFERENCES trade_payment,
    destination uuid,
    units integer NOT NULL DEFAULT 0,
    amount_minor bigint NOT NULL CONSTRAINT ck_trade_refund_amount CHECK (amount_minor > 0),
    currency text NOT NULL,
    state text NOT NULL CONSTRAINT ck_trade_refund_state
        CHECK (state IN ('unfunded', 'due', 'sent', 'in_doubt', 'refused', 'done')),
    actor text NOT NULL,
    reason text NOT NULL,
    provider_refund_no text,
    created_at timestamptz NOT NULL,
    sent_at timestamptz,
    done_at timestamptz,
    CONSTRAINT ck_trade_refund_way CHECK ((payment IS NULL) <> (destination IS NULL))
);
CREATE INDEX trade_refund_order ON trade_refund (order_id) WHERE order_id IS NOT NULL;
CREATE INDEX trade_refund_open ON trade_refund (state, id) WHERE state IN ('unfunded', 'due', 'sent',
    'in_doubt');
