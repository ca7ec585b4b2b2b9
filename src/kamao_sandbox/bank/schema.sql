CREATE TABLE IF NOT EXISTS orders (
    out_trade_no TEXT NOT NULL, merchant TEXT NOT NULL, bank_order_no TEXT NOT NULL UNIQUE,
    amount_minor INTEGER NOT NULL CHECK (amount_minor > 0), currency TEXT NOT NULL, subject TEXT NOT NULL,
    notify_url TEXT NOT NULL, return_url TEXT NOT NULL,
    expires_ms INTEGER NOT NULL, created_ms INTEGER NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('unpaid', 'paid', 'closed')),
    PRIMARY KEY (merchant, out_trade_no)
) STRICT;
CREATE TABLE IF NOT EXISTS payments (
    payment_no TEXT PRIMARY KEY, merchant TEXT NOT NULL, out_trade_no TEXT NOT NULL,
    amount_minor INTEGER NOT NULL CHECK (amount_minor > 0), currency TEXT NOT NULL, paid_ms INTEGER NOT NULL,
    refunded_minor INTEGER NOT NULL DEFAULT 0 CHECK (refunded_minor BETWEEN 0 AND amount_minor)
) STRICT;
CREATE INDEX IF NOT EXISTS payments_order ON payments (merchant, out_trade_no);
CREATE INDEX IF NOT EXISTS payments_paid ON payments (merchant, paid_ms);
CREATE TABLE IF NOT EXISTS refunds (
    refund_no TEXT NOT NULL, merchant TEXT NOT NULL, payment_no TEXT NOT NULL, out_trade_no TEXT NOT NULL,
    amount_minor INTEGER NOT NULL CHECK (amount_minor > 0), currency TEXT NOT NULL, reason TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('processing', 'done', 'refused')), refusal TEXT NOT NULL DEFAULT '',
    created_ms INTEGER NOT NULL, release_ms INTEGER, decided_ms INTEGER,
    PRIMARY KEY (merchant, refund_no)
) STRICT;
CREATE INDEX IF NOT EXISTS refunds_decided ON refunds (merchant, decided_ms);
CREATE TABLE IF NOT EXISTS events (
    event_id TEXT NOT NULL, copy INTEGER NOT NULL, url TEXT NOT NULL,
    body BLOB NOT NULL, subject TEXT NOT NULL, forged INTEGER NOT NULL DEFAULT 0,
    state TEXT NOT NULL CHECK (state IN ('due', 'delivered', 'lost', 'given_up')),
    attempts INTEGER NOT NULL DEFAULT 0, due_ms INTEGER NOT NULL, created_ms INTEGER NOT NULL,
    PRIMARY KEY (event_id, copy)
) STRICT;
CREATE INDEX IF NOT EXISTS events_due ON events (state, due_ms);
CREATE TABLE IF NOT EXISTS faults (
    id INTEGER PRIMARY KEY, operation TEXT NOT NULL, kind TEXT NOT NULL, subject TEXT NOT NULL DEFAULT '',
    per_mille INTEGER NOT NULL DEFAULT 1000, remaining INTEGER, value INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE TABLE IF NOT EXISTS draws (key TEXT PRIMARY KEY, count INTEGER NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS settings (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS journal (
    id INTEGER PRIMARY KEY, at_ms INTEGER NOT NULL, operation TEXT NOT NULL,
    subject TEXT NOT NULL, result TEXT NOT NULL
) STRICT;
