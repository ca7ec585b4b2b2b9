"""What the merchant's pages read. Every query takes the merchant and answers nothing about anybody else.

Owns joins for display; refuses to write. Engine rows come by the cell's connection, names by the catalogue.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import msgspec
from django.utils import translation

from kamao.business.catalog.models import Sku
from kamao.business.keyring import node_keyring
from kamao.engine.ledger.accounts import wallet
from kamao.engine.ledger.queries import balance
from kamao.engine.ledger.types import Balance
from kamao.engine.pool import Connection
from kamao.engine.trade.private import open_private
from kamao.engine.trade.queries import read_orders
from kamao.engine.trade.types import OrderView
from kamao.kernel.clock import business_day
from kamao.kernel.ids import decode, first_id_at, sql_array

SEARCH_MAX: Final = 500


class Today(msgspec.Struct, frozen=True):
    """A merchant's day: orders and what they cost, by the business day so far."""

    orders: int
    amount_minor: int
    refunded_minor: int
    open_orders: int
    in_doubt: int


class Wallet(msgspec.Struct, frozen=True):
    """A wallet as the console's bar shows it; `hours_left` speaks of the last 24 hours' pace."""

    balance: Balance
    hours_left: int | None


_TODAY: Final = """
SELECT count(*), coalesce(sum(amount_minor) FILTER (WHERE state NOT IN ('failed', 'cancelled')), 0)::bigint,
    coalesce(sum(refunded_escrow_minor + refunded_settled_minor), 0)::bigint
FROM trade_order WHERE merchant = %s AND id >= %s
"""

_OPEN: Final = """
SELECT count(*) FILTER (WHERE state <> 'in_doubt'), count(*) FILTER (WHERE state = 'in_doubt')
FROM trade_order
WHERE merchant = %s AND state IN ('awaiting_funds', 'paid', 'fulfilling', 'in_doubt', 'cancelling')
"""

_SPENT: Final = """
SELECT coalesce(sum(amount_minor), 0)::bigint FROM trade_order
WHERE merchant = %s AND id >= %s AND state NOT IN ('failed', 'cancelled')
"""

_FIND: Final = """
SELECT order_id FROM trade_reference WHERE merchant = %(merchant)s AND reference = ANY (%(texts)s)
UNION
SELECT id FROM trade_order WHERE merchant = %(merchant)s AND channel_order_no = ANY (%(texts)s)
UNION
SELECT id FROM trade_order WHERE merchant = %(merchant)s AND id = ANY (%(ids)s::uuid[])
ORDER BY 1 DESC LIMIT %(limit)s
"""

_RETAIL: Final = "SELECT id, retail_unit_price_e4 FROM trade_order WHERE id = ANY (%s::uuid[])"

# A step shows up at once: rows that the sequencer has not taken yet still are in the outbox.
_TIMELINE: Final = """
SELECT created_at, type, before, after, actor, reason FROM trade_event WHERE order_id = %(order)s
UNION ALL
SELECT created_at, type, before, after, actor, reason FROM trade_pending_event AS w
WHERE order_id = %(order)s AND NOT EXISTS (SELECT 1 FROM trade_event AS e WHERE e.id = w.id)
ORDER BY 1
"""

_REVEALS: Final = "SELECT created_at, actor, reason FROM stock_reveal WHERE order_id = %s ORDER BY id"

_PRIVATE: Final = "SELECT wrapped_key, sealed FROM trade_order_private WHERE order_id = %s"


def today(connection: Connection, *, merchant: UUID, at: datetime) -> Today:
    """Return the business day so far."""
    day = connection.execute(_TODAY, (merchant, first_id_at(business_day(at)))).fetchone()
    waiting = connection.execute(_OPEN, (merchant,)).fetchone()
    assert day is not None
    assert waiting is not None
    return Today(*day, *waiting)


def wallet_now(connection: Connection, *, merchant: UUID, currency: str, at: datetime) -> Wallet:
    """Return the wallet, and for how many hours it lasts."""
    held = balance(connection, wallet(merchant, currency))
    row = connection.execute(_SPENT, (merchant, first_id_at(at - timedelta(hours=24)))).fetchone()
    spent = row[0] if row else 0
    hours = held.available_minor * 24 // spent if spent > 0 else None
    return Wallet(held, hours)


def find_orders(connection: Connection, *, merchant: UUID, texts: Sequence[str]) -> list[OrderView]:
    """Return the merchant's orders that any of these numbers names: ours, its reference, its channel's."""
    wanted = [text for text in dict.fromkeys(texts) if text][:SEARCH_MAX]
    ids = [found for text in wanted if (found := decode("ord", text)) is not None]
    values = {"merchant": merchant, "texts": wanted, "ids": sql_array(ids), "limit": SEARCH_MAX}
    keys = [row[0] for row in connection.execute(_FIND, values).fetchall()]
    orders = read_orders(connection, keys)
    return [orders[key] for key in keys]


def retail_prices(connection: Connection, orders: Iterable[OrderView]) -> dict[UUID, int | None]:
    """Return the retail unit price that the merchant named with each order."""
    return dict(connection.execute(_RETAIL, (sql_array([order.id for order in orders]),)).fetchall())


def timeline(connection: Connection, order: UUID) -> list[dict[str, Any]]:
    """Return what happened to an order, oldest first."""
    rows = connection.execute(_TIMELINE, {"order": order}).fetchall()
    names = ("at", "type", "before", "after", "actor", "reason")
    return [dict(zip(names, row, strict=True)) for row in rows]


def reveals(connection: Connection, order: UUID) -> list[dict[str, Any]]:
    """Return who saw the order's codes, and when."""
    rows = connection.execute(_REVEALS, (order,)).fetchall()
    return [dict(zip(("at", "actor", "reason"), row, strict=True)) for row in rows]


def target_of(connection: Connection, order: UUID) -> dict[str, str]:
    """Open the account that an order tops up. Empty where there is none or it was erased."""
    row = connection.execute(_PRIVATE, (order,)).fetchone()
    if row is None:
        return {}
    _address, content = open_private(node_keyring(), order, bytes(row[0]), bytes(row[1]))
    if not content:
        return {}
    target = msgspec.json.decode(content)
    return {str(name): str(value) for name, value in target.items()} if isinstance(target, dict) else {}


def sku_names(codes: Iterable[str]) -> dict[str, str]:
    """Return the names of SKUs in the reader's language; a code the catalogue does not know is absent."""
    english = (translation.get_language() or "").startswith("en")
    names = ("code", "variant_zh", "variant_en", "product__name_zh", "product__name_en")
    rows = Sku.objects.filter(code__in=set(codes)).select_related("product").only(*names)
    return {row.code: _name_of(row, english=english) for row in rows}


def _name_of(sku: Sku, *, english: bool) -> str:
    product = (sku.product.name_en if english else "") or sku.product.name_zh
    variant = (sku.variant_en if english else "") or sku.variant_zh
    return f"{product} {variant}".strip()
