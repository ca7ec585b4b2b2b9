-- Double entry. A posting is one row (debit, credit, amount), so the books are zero-sum by construction.
-- Accounts with a floor are locked and number their entries; accounts without one only ever get appended
-- deltas.

CREATE TABLE ledger_account (
    id uuid CONSTRAINT pk_ledger_account PRIMARY KEY,
    name text NOT NULL CONSTRAINT uq_ledger_account_name UNIQUE,
    kind text NOT NULL CONSTRAINT ck_ledger_account_kind CHECK (kind IN (
        'wallet', 'escrow', 'payable', 'cash', 'income', 'expense', 'deposit', 'refund_due', 'inventory',
            'cogs', 'float',
        'guarantee', 'receivable', 'recourse', 'unapplied', 'loss', 'suspense', 'fx', 'clearing', 'opening')),
    owner uuid,
    currency text NOT NULL CONSTRAINT ck_ledger_account_currency CHECK (currency ~ '^[A-Z]{3}$'),
    custodian text,
    normal smallint NOT NULL CONSTRAINT ck_ledger_account_normal CHECK (normal IN (1, -1)),
    floored boolean NOT NULL,
    floor_minor bigint NOT NULL DEFAULT 0,
    balance bigint NOT NULL DEFAULT 0,
    pending bigint NOT NULL DEFAULT 0 CONSTRAINT ck_ledger_account_pending CHECK (pending >= 0),
    entry_no bigint NOT NULL DEFAULT 0,
    created_at timestamptz NOT NULL,
    CONSTRAINT ck_ledger_account_floor CHECK (NOT floored OR balance - pending >= floor_minor),
    CONSTRAINT ck_ledger_account_custodian CHECK ((kind = 'cash') = (custodian IS NOT NULL))
) WITH (fillfactor = 50);
CREATE INDEX ledger_account_owner ON ledger_account (owner, kind);
COMMENT ON COLUMN ledger_account.normal IS '1: balance = credits - debits; -1: balance = debits - credits';
COMMENT ON COLUMN ledger_account.pending IS 'sum of open holds that would lower the balance';

CREATE TABLE ledger_posting (
    id uuid NOT NULL,
    kind text NOT NULL,
    debit uuid NOT NULL,
    credit uuid NOT NULL,
    amount_minor bigint NOT NULL CONSTRAINT ck_ledger_posting_amount CHECK (amount_minor > 0),
    currency text NOT NULL,
    order_id uuid,
    subject uuid,
    debit_entry_no bigint,
    debit_balance bigint,
    credit_entry_no bigint,
    credit_balance bigint,
    created_at timestamptz NOT NULL,
    CONSTRAINT pk_ledger_posting PRIMARY KEY (id),
    CONSTRAINT ck_ledger_posting_sides CHECK (debit <> credit)
) PARTITION BY RANGE (id);
CREATE INDEX ledger_posting_debit ON ledger_posting (debit, debit_entry_no) WHERE debit_entry_no IS NOT NULL;
CREATE INDEX ledger_posting_credit ON ledger_posting (credit, credit_entry_no)
    WHERE credit_entry_no IS NOT NULL;
CREATE INDEX ledger_posting_order ON ledger_posting (order_id) WHERE order_id IS NOT NULL;
CREATE INDEX ledger_posting_subject ON ledger_posting (subject) WHERE subject IS NOT NULL;

-- What a transaction added to accounts without a floor; rolled up into ledger_account.balance by whoever
-- takes the rows.
CREATE TABLE ledger_delta (
    id uuid CONSTRAINT pk_ledger_delta PRIMARY KEY,
    account uuid NOT NULL CONSTRAINT fk_ledger_delta_account REFERENCES ledger_account,
    amount_minor bigint NOT NULL
);

CREATE TABLE ledger_hold (
    id uuid CONSTRAINT pk_ledger_hold PRIMARY KEY,
    kind text NOT NULL,
    debit uuid NOT NULL CONSTRAINT fk_ledger_hold_debit REFERENCES ledger_account,
    credit uuid NOT NULL CONSTRAINT fk_ledger_hold_credit REFERENCES ledger_account,
    amount_minor bigint NOT NULL CONSTRAINT ck_ledger_hold_amount CHECK (amount_minor > 0),
    currency text NOT NULL,
    order_id uuid,
    subject uuid,
    created_at timestamptz NOT NULL,
    CONSTRAINT ck_ledger_hold_sides CHECK (debit <> credit)
);
CREATE INDEX ledger_hold_debit ON ledger_hold (debit, id);
CREATE INDEX ledger_hold_subject ON ledger_hold (subject) WHERE subject IS NOT NULL;

-- A hold is resolved at most once: posted (wholly or in part, the rest released) or voided.
CREATE TABLE ledger_hold_resolution (
    hold uuid CONSTRAINT pk_ledger_hold_resolution PRIMARY KEY
        CONSTRAINT fk_ledger_hold_resolution_hold REFERENCES ledger_hold,
    outcome text NOT NULL CONSTRAINT ck_ledger_hold_resolution_outcome CHECK (outcome IN ('posted',
        'voided')),
    posting uuid,
    amount_minor bigint NOT NULL,
    created_at timestamptz NOT NULL,
    CONSTRAINT ck_ledger_hold_resolution_posting CHECK ((outcome = 'posted') = (posting IS NOT NULL))
);

-- Idempotency of transfers that have no row of their own (wallet top-ups, opening entries, sweeps).
CREATE TABLE ledger_transfer_key (
    key text CONSTRAINT pk_ledger_transfer_key PRIMARY KEY,
    posting uuid NOT NULL,
    content bytea NOT NULL,
    created_at timestamptz NOT NULL
);
