"""Statements that make a chunk of past orders. Each order: one code, paid from the wallet, delivered,
settled.
"""

from typing import Final

# Ids are UUIDv7 of a past moment and a number: ascending, and never colliding with the application's.
OPENING: Final = """
    CREATE TEMPORARY TABLE past ON COMMIT DROP AS
    SELECT n, (i.head || '7001' || i.tail)::uuid AS order_id, (i.head || '7002' || i.tail)::uuid AS code,
        (i.head || '7003' || i.tail)::uuid AS paid, (i.head || '7004' || i.tail)::uuid AS shared,
        (i.head || '7005' || i.tail)::uuid AS event, (i.head || '7006' || i.tail)::uuid AS leaf,
        w.id AS wallet, w.entry_no AS wallet_entry, w.balance AS wallet_balance,
        p.id AS payable, p.entry_no AS payable_entry, p.balance AS payable_balance, e.id AS escrow,
        o.id AS offer, o.sku, o.supplier, l.id AS lot, to_timestamp(i.ms / 1000.0) AS at
    FROM generate_series(1, %(count)s) AS n
    CROSS JOIN LATERAL (SELECT %(begin_ms)s::bigint + %(start)s + n AS ms) AS m
    CROSS JOIN LATERAL (
        SELECT m.ms, lpad(to_hex(m.ms), 12, '0') AS head, '8' || lpad(to_hex(n), 15, '0') AS tail) AS i
    CROSS JOIN (SELECT * FROM pricing_offer WHERE id = %(offer)s) AS o
    CROSS JOIN (SELECT id FROM stock_lot WHERE offer = %(offer)s ORDER BY id LIMIT 1) AS l
    CROSS JOIN (SELECT * FROM ledger_account WHERE owner = %(merchant)s AND kind = 'wallet') AS w
    CROSS JOIN (SELECT * FROM ledger_account WHERE kind = 'payable' AND owner = (
        SELECT supplier FROM pricing_offer WHERE id = %(offer)s)) AS p
    CROSS JOIN (SELECT * FROM ledger_account WHERE kind = 'escrow' AND currency = 'CNY') AS e
    """

STEPS: Final = (
    """
    INSERT INTO trade_reference (merchant, reference, order_id, content)
    SELECT %(merchant)s, 'past-' || (%(start)s + n), order_id, decode(md5(n::text), 'hex') FROM past
    """,
    """
    INSERT INTO trade_order (id, merchant, reference, sku, offer, quantity, unit_price_e4, amount_minor,
    currency, state, captured_minor, settled_minor, delivered_quantity, intake, created_at, delivered_at,
    settles_at, source, supplier, cost_e4)
    SELECT order_id, %(merchant)s, 'past-' || (%(start)s + n), sku, offer, 1, 10000, 100, 'CNY',
    'settled', 100, 100, 1, 'api', at, at, at, wallet, supplier, 10000 FROM past
    """,
    """
    INSERT INTO ledger_posting (id, kind, debit, credit, amount_minor, currency, order_id, debit_entry_no,
    debit_balance, created_at) SELECT paid, 'order', wallet, escrow, 100, 'CNY', order_id, wallet_entry + n,
    wallet_balance - 100 * n, at FROM past
    """,
    """
    INSERT INTO ledger_posting (id, kind, debit, credit, amount_minor, currency, order_id, credit_entry_no,
        credit_balance, created_at)
    SELECT shared, 'settlement', escrow, payable, 100, 'CNY', order_id, payable_entry + n, payable_balance +
    100 * n, at FROM past
    """,
    """
    UPDATE ledger_account SET balance = balance - 100 * %(count)s::bigint, entry_no = entry_no + %(count)s
    WHERE id = (SELECT wallet FROM past LIMIT 1)
    """,
    """
    UPDATE ledger_account SET balance = balance + 100 * %(count)s::bigint, entry_no = entry_no + %(count)s
    WHERE id = (SELECT payable FROM past LIMIT 1)
    """,
    """
    INSERT INTO stock_code (id, offer, lot, holder, state, sealed)
    SELECT code, offer, lot, order_id, 'sold', decode(repeat(md5(n::text), 4), 'hex') FROM past
    """,
    """
    INSERT INTO stock_fingerprint (fingerprint, code)
    SELECT decode(md5('a' || (%(start)s + n)) || md5('b' || (%(start)s + n)), 'hex'), code FROM past
    """,
    "UPDATE stock_lot SET imported = imported + %(count)s WHERE id = (SELECT lot FROM past LIMIT 1)",
    """
    INSERT INTO trade_delivery (order_id, item, kind, lot, opening, created_at)
    SELECT order_id, code, 'code', lot, decode(repeat(md5(n::text), 4), 'hex'), at FROM past
    """,
    "INSERT INTO provenance_outbox (id, leaf) SELECT leaf, decode(repeat(md5(n::text), 2), 'hex') FROM past",
    """
    WITH numbered AS (UPDATE trade_sequence SET seq = seq + %(count)s WHERE name = 'event' RETURNING seq)
    INSERT INTO trade_event (seq, id, type, organisation, order_id, after, actor, reason, notify,
        data, created_at)
    SELECT (SELECT seq FROM numbered) - %(count)s + n, event, 'order.settled', %(merchant)s, order_id,
    'settled', 'system', '', false, '{}', at FROM past
    """,
)
