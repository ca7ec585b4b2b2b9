"""What the operator's pages read: money of the day, health, one order from end to end. Refuses to write."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec

from kamao.engine.pool import Connection
from kamao.kernel.clock import business_day
from kamao.kernel.ids import decode, first_id_at, sql_array

SEARCH_MAX: Final = 100


class MoneyLine(msgspec.Struct, frozen=True):
    """One kind of account in one currency: its sum now, and at the end of yesterday."""

    kind: str
    currency: str
    custodian: str
    normal: int
    today_minor: int
    yesterday_minor: int

    @property
    def change_minor(self) -> int:
        """What the day brought so far."""
        return self.today_minor - self.yesterday_minor


class Health(msgspec.Struct, frozen=True):
    """The node's parts as the database sees them. Ages are in seconds; None: never."""

    worker_age_s: float | None
    outbox_waiting: int
    outbox_age_s: float | None
    jobs_failed: int
    webhooks_waiting: int
    orders_open: int
    in_doubt: int
    database_bytes: int


_MONEY: Final = """
WITH unfolded AS (SELECT account, sum(amount_minor) AS net FROM ledger_delta GROUP BY account),
day AS (
    SELECT account, sum(net) AS net FROM (
        SELECT debit AS account, -amount_minor AS net FROM ledger_posting WHERE id >= %(day)s
        UNION ALL
        SELECT credit, amount_minor FROM ledger_posting WHERE id >= %(day)s) AS sides
    GROUP BY account)
SELECT a.kind, a.currency, coalesce(a.custodian, ''), a.normal,
    sum(a.balance + coalesce(u.net, 0))::bigint,
    sum(a.balance + coalesce(u.net, 0) - a.normal * coalesce(d.net, 0))::bigint
FROM ledger_account AS a
LEFT JOIN unfolded AS u ON u.account = a.id
LEFT JOIN day AS d ON d.account = a.id
GROUP BY a.kind, a.currency, a.custodian, a.normal
ORDER BY a.currency, a.normal, a.kind, a.custodian
"""

_HEALTH: Final = """
SELECT (SELECT extract(epoch FROM %(at)s - max(beat_at))::float8 FROM public.worker_heartbeat),
    (SELECT count(*) FROM trade_pending_event),
    (SELECT extract(epoch FROM %(at)s - min(created_at))::float8 FROM trade_pending_event),
    (SELECT count(*) FROM public.procrastinate_jobs WHERE status = 'failed'),
    (SELECT count(*) FROM public.webhook_delivery WHERE state = 'waiting'),
    (SELECT count(*) FROM trade_order WHERE state IN ('awaiting_funds', 'paid', 'fulfilling', 'cancelling')),
    (SELECT count(*) FROM trade_order WHERE state = 'in_doubt'),
    pg_database_size(current_database())
"""

_SEARCH: Final = """
SELECT o.id, o.merchant, o.reference, k.code, o.quantity, o.amount_minor, o.currency, o.state, o.intake,
    o.created_at
FROM trade_order AS o
JOIN pricing_sku AS k ON k.id = o.sku
WHERE o.id IN (
    SELECT id FROM trade_order WHERE id = ANY (%(ids)s::uuid[])
    UNION ALL SELECT order_id FROM trade_reference WHERE reference = ANY (%(texts)s)
    UNION ALL SELECT id FROM trade_order WHERE channel_order_no = ANY (%(texts)s)
    UNION ALL SELECT id FROM trade_order WHERE purchase = ANY (%(ids)s::uuid[]))
ORDER BY o.id DESC LIMIT %(limit)s
"""

_LATEST: Final = """
SELECT o.id, o.merchant, o.reference, k.code, o.quantity, o.amount_minor, o.currency, o.state, o.intake,
    o.created_at
FROM trade_order AS o
JOIN pricing_sku AS k ON k.id = o.sku
ORDER BY o.id DESC LIMIT %(limit)s
"""

_FUNDING: Final = """
SELECT a.name, f.amount_minor
FROM trade_funding AS f JOIN ledger_account AS a ON a.id = f.source
WHERE f.order_id = %s ORDER BY a.name
"""

_PARTIES: Final = """
SELECT position, role, organisation, unit_price_e4
FROM trade_party WHERE order_id = %s ORDER BY position
"""

_POSTINGS: Final = """
SELECT p.created_at, p.kind, d.name, c.name, p.amount_minor, p.currency
FROM ledger_posting AS p
JOIN ledger_account AS d ON d.id = p.debit
JOIN ledger_account AS c ON c.id = p.credit
WHERE p.order_id = %s ORDER BY p.id
"""

_ATTEMPTS: Final = """
SELECT position, supplier, fulfilment, state, upstream_no, answer_code, created_at, sent_at, closed_at
FROM trade_attempt WHERE order_id = %s ORDER BY position
"""

_EVENTS: Final = """
SELECT created_at, type, before, after, actor, reason FROM trade_event WHERE order_id = %(order)s
UNION ALL
SELECT created_at, type, before, after, actor, reason FROM trade_pending_event AS w
WHERE order_id = %(order)s AND NOT EXISTS (SELECT 1 FROM trade_event AS e WHERE e.id = w.id)
ORDER BY 1
"""


def money_of_the_day(connection: Connection, *, at: datetime) -> list[MoneyLine]:
    """Return every kind of account: its sum now against the end of yesterday (business zone)."""
    rows = connection.execute(_MONEY, {"day": first_id_at(business_day(at))}).fetchall()
    return [MoneyLine(*row) for row in rows]


def difference_minor(lines: list[MoneyLine]) -> dict[str, int]:
    """Return, per currency, by how much debits and credits differ: always 0, or the books are broken."""
    totals: dict[str, int] = {}
    for line in lines:
        totals[line.currency] = totals.get(line.currency, 0) + line.normal * line.today_minor
    return totals


def health(connection: Connection, *, at: datetime) -> Health:
    """Return the node's parts as the database sees them."""
    row = connection.execute(_HEALTH, {"at": at}).fetchone()
    assert row is not None
    return Health(*row)


_LINE_NAMES: Final = (
    "id", "merchant", "reference", "sku", "quantity", "amount_minor", "currency", "state", "intake",
    "created_at",
)  # fmt: skip


def search_orders(connection: Connection, *, texts: list[str]) -> list[dict[str, Any]]:
    """Return orders of any merchant named by any of these numbers, or the latest where nothing is asked."""
    if not texts:
        rows = connection.execute(_LATEST, {"limit": SEARCH_MAX}).fetchall()
    else:
        ids = [key for text in texts if (key := _any_id(text)) is not None]
        values = {"ids": sql_array(ids), "texts": texts, "limit": SEARCH_MAX}
        rows = connection.execute(_SEARCH, values).fetchall()
    return [dict(zip(_LINE_NAMES, row, strict=True)) for row in rows]


def _any_id(text: str) -> UUID | None:
    for prefix in ("ord", "pur"):
        key = decode(prefix, text)
        if key is not None:
            return key
    try:
        return UUID(text)
    except ValueError:
        return None


def _named(rows: list[tuple[Any, ...]], *names: str) -> list[dict[str, Any]]:
    return [dict(zip(names, row, strict=True)) for row in rows]


def order_story(connection: Connection, order: UUID) -> dict[str, list[dict[str, Any]]]:
    """Return everything that happened to an order's money and goods, each fen (一单到底)."""
    return {
        "funding": _named(connection.execute(_FUNDING, (order,)).fetchall(), "account", "amount_minor"),
        "parties": _named(
            connection.execute(_PARTIES, (order,)).fetchall(),
            "position", "role", "organisation", "unit_price_e4",
        ),
        "postings": _named(
            connection.execute(_POSTINGS, (order,)).fetchall(),
            "at", "kind", "debit", "credit", "amount_minor", "currency",
        ),
        "attempts": _named(
            connection.execute(_ATTEMPTS, (order,)).fetchall(),
            "position", "supplier", "fulfilment", "state", "upstream_no", "answer_code", "created_at",
            "sent_at", "closed_at",
        ),
        "events": _named(
            connection.execute(_EVENTS, {"order": order}).fetchall(),
            "at", "type", "before", "after", "actor", "reason",
        ),
    }  # fmt: skip
