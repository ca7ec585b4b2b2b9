"""Reads of orders and events, for their merchant. Owns the views; refuses another merchant's rows by
answering nothing.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from kamao.engine.pool import Connection
from kamao.engine.statements import statement
from kamao.engine.stock.types import Delivered
from kamao.engine.trade.types import OrderView
from kamao.kernel.ids import sql_array


class OrderFilter(msgspec.Struct, frozen=True, kw_only=True):
    """What a list of orders is narrowed to; None means no condition."""

    merchant: UUID | None = None
    reference: str | None = None
    channel_order_no: str | None = None
    target_hash: bytes | None = None
    state: str | None = None
    sku: str | None = None
    created_from: datetime | None = None
    created_until: datetime | None = None


def read_orders(
    connection: Connection, ids: Sequence[UUID], *, with_deliveries: bool = False
) -> dict[UUID, OrderView]:
    """Return orders by id, whoever they belong to; callers check that first."""
    if not ids:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(statement("trade/read_orders"), (sql_array(ids),))
        rows = cursor.fetchall()
        deliveries: dict[UUID, list[Delivered]] = {}
        if with_deliveries:
            cursor.execute(statement("trade/read_deliveries"), (sql_array(ids),))
            for order, *rest in cursor.fetchall():
                deliveries.setdefault(order, []).append(Delivered(*rest))
    return {row[0]: _view(row, deliveries.get(row[0], [])) for row in rows}


def _view(row: tuple[Any, ...], deliveries: Sequence[Delivered]) -> OrderView:
    columns: list[Any] = [*row, tuple(deliveries)]
    return OrderView(*columns)


def order_by_id(
    connection: Connection, order: UUID, *, merchant: UUID | None = None, with_deliveries: bool = False
) -> OrderView | None:
    """Return one order, or None where there is none or it is another merchant's."""
    found = read_orders(connection, [order], with_deliveries=with_deliveries).get(order)
    if found is None or (merchant is not None and found.merchant != merchant):
        return None
    return found


def list_orders(
    connection: Connection,
    where: OrderFilter,
    *,
    limit: int,
    starting_after: UUID | None = None,
    ending_before: UUID | None = None,
) -> tuple[list[OrderView], bool]:
    """Return orders newest first, without deliveries, and whether there are more in that direction.

    ``starting_after`` pages to older orders, ``ending_before`` to newer ones.
    """
    forward = ending_before is None
    with connection.cursor() as cursor:
        cursor.execute(
            statement("trade/list_orders" if forward else "trade/list_orders_before"),
            {
                "merchant": where.merchant,
                "reference": where.reference,
                "channel_order_no": where.channel_order_no,
                "target_hash": where.target_hash,
                "state": where.state,
                "sku": where.sku,
                "created_from": where.created_from,
                "created_until": where.created_until,
                "cursor": starting_after if forward else ending_before,
                "limit": limit + 1,
            },
        )
        ids = [row[0] for row in cursor.fetchall()]
    more = len(ids) > limit
    ids = ids[:limit] if forward else ids[:limit][::-1]
    orders = read_orders(connection, ids)
    return [orders[key] for key in ids], more


class EventView(msgspec.Struct, frozen=True):
    """A sequenced event as outsiders see it; ``data_json`` are the JSON bytes of its data."""

    seq: int
    id: UUID
    type: str
    organisation: UUID
    created_at: datetime
    data_json: bytes


def _event(row: tuple[Any, ...]) -> EventView:
    return EventView(row[0], row[1], row[2], row[3], row[4], row[5].encode())


def list_events(
    connection: Connection,
    *,
    organisation: UUID | None,
    limit: int,
    after_seq: int | None = None,
    before_seq: int | None = None,
    types: Sequence[str] = (),
) -> list[EventView]:
    """Return events: oldest first after ``after_seq``, otherwise newest first before ``before_seq``."""
    ascending = after_seq is not None
    with connection.cursor() as cursor:
        cursor.execute(
            statement("trade/list_events_after" if ascending else "trade/list_events"),
            {
                "organisation": organisation,
                "seq": after_seq if ascending else before_seq,
                "types": list(types) or None,
                "limit": limit,
            },
        )
        return [_event(row) for row in cursor.fetchall()]


def events_to_tell(
    connection: Connection, *, after_seq: int, organisations: Sequence[UUID], limit: int
) -> tuple[int, list[EventView]]:
    """Return how far the log was looked at and, of those events, the ones somebody may want to be told.

    Wanted are events of ``organisations`` and of orders with an address of their own. Looks at ``limit``
    events at most; a result equal to ``after_seq`` means there is nothing new. Events that nobody wants cost
    no row here.
    """
    with connection.cursor() as cursor:
        cursor.execute(statement("trade/last_event_within"), (after_seq, limit))
        row = cursor.fetchone()
        if row is None or row[0] is None:
            return after_seq, []
        cursor.execute(statement("trade/events_to_tell"), (after_seq, row[0], list(organisations)))
        return row[0], [_event(found) for found in cursor.fetchall()]


def event_by_id(connection: Connection, event: UUID, *, organisation: UUID) -> EventView | None:
    """Return one event of an organisation."""
    with connection.cursor() as cursor:
        cursor.execute(statement("trade/read_event"), (event, organisation))
        row = cursor.fetchone()
    return _event(row) if row else None
