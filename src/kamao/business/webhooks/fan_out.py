"""From events to deliveries: reads what a cell's sequencer has numbered and makes one delivery per endpoint.

Owns the cursor of each cell. The numbers have no holes in commit order (one sequencer gives them after
commit), so a cursor misses nothing. Refuses internal events: only the kinds in ``event_types`` are told.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
import psycopg

from kamao.business.webhooks import event_types, rules, statements
from kamao.business.webhooks.bodies import webhook_bytes
from kamao.business.webhooks.signing import new_secret
from kamao.engine.cells import Cell
from kamao.engine.trade.queries import EventView, events_to_tell
from kamao.kernel.ids import RandomIds, new_uuid7
from kamao.kernel.sealing import Keyring

_RETENTION = timedelta(days=rules.REPLAY_DAYS + 4)
"""A delivery is given up a little more than three days after its event, and replayable for thirty days after
that.
"""

Connection = psycopg.Connection[Any]


class _OrderOf(msgspec.Struct):
    order: UUID | None = None


def fan_out_once(
    connection: Connection, *, cell: Cell, keyring: Keyring, at: datetime, limit: int = 2_000
) -> int:
    """Turn the cell's next events into deliveries; return how many events were looked at (0: nothing new).

    ``connection`` has the cell's search path; the caller commits. Several workers may call it: the cursor's
    row lock lets one work at a time, and the others pass.
    """
    after = _locked_cursor(connection, cell)
    if after is None:
        return 0
    listening = [
        owner[0] for owner in connection.execute(statements.READ_LISTENING, {"cell": cell.number}).fetchall()
    ]
    last, events = events_to_tell(connection, after_seq=after, organisations=listening, limit=limit)
    if last == after:
        return 0
    told = [event for event in events if event.type in event_types.NAMES]
    deliveries = [
        *_to_endpoints(connection, told, cell=cell),
        *_to_own_addresses(connection, told, cell=cell, keyring=keyring, at=at),
    ]
    if deliveries:
        wanted = {delivery["message_id"] for delivery in deliveries}
        write_messages(connection, [event for event in told if event.id in wanted], cell=cell)
        for delivery, id_ in zip(deliveries, RandomIds(cell.number).many(len(deliveries)), strict=True):
            delivery["id"] = id_
        connection.execute(statements.WRITE_DELIVERIES, {"rows": _json(deliveries), "at": at})
    connection.execute("UPDATE webhook_cursor SET seq = %s WHERE cell = %s", (last, cell.number))
    return last - after


def _locked_cursor(connection: Connection, cell: Cell) -> int | None:
    """Return how far this cell has been read, locked for this transaction; None: nothing to do.

    An idle node looks without writing: a lock taken five times a second would be a commit five times a
    second.
    """
    row = connection.execute(
        "SELECT EXISTS (SELECT FROM trade_event e WHERE e.seq > coalesce("
        "(SELECT c.seq FROM webhook_cursor c WHERE c.cell = %s), 0))",
        (cell.number,),
    ).fetchone()
    if row is None or not row[0]:
        return None
    connection.execute(
        "INSERT INTO webhook_cursor (cell, seq) VALUES (%s, 0) ON CONFLICT DO NOTHING", (cell.number,)
    )
    row = connection.execute(
        "SELECT seq FROM webhook_cursor WHERE cell = %s FOR UPDATE SKIP LOCKED", (cell.number,)
    ).fetchone()
    return None if row is None else int(row[0])


def _to_endpoints(connection: Connection, events: Sequence[EventView], *, cell: Cell) -> list[dict[str, Any]]:
    """Deliveries to endpoints that want the event and were there when it happened."""
    organisations = list({event.organisation for event in events})
    endpoints: dict[UUID, list[tuple[UUID, frozenset[str], datetime]]] = {}
    for id_, organisation, filters, made_at in connection.execute(
        statements.READ_ENDPOINTS, {"cell": cell.number, "organisations": organisations}
    ):
        endpoints.setdefault(organisation, []).append((id_, frozenset(filters), made_at))
    return [
        {"endpoint_id": endpoint, "message_id": event.id, "url": None}
        for event in events
        for endpoint, filters, made_at in endpoints.get(event.organisation, ())
        if event.created_at >= made_at and event_types.is_wanted(event.type, filters)
    ]


def _to_own_addresses(
    connection: Connection, events: Sequence[EventView], *, cell: Cell, keyring: Keyring, at: datetime
) -> list[dict[str, Any]]:
    """Deliveries to the addresses that orders brought along, signed by their organisation's endpoint for
    orders.
    """
    orders = {event.id: _order_of(event) for event in events if event.type.startswith("order.")}
    named = [order for order in orders.values() if order is not None]
    if not named:
        return []
    addresses = dict(connection.execute(statements.READ_NOTIFY_ADDRESSES, {"orders": named}).fetchall())
    deliveries = []
    signers: dict[UUID, UUID] = {}
    for event in events:
        order = orders.get(event.id)
        if order is None or order not in addresses:
            continue
        if event.organisation not in signers:
            signers[event.organisation] = order_endpoint(
                connection, event.organisation, cell=cell, keyring=keyring, at=at
            )
        deliveries.append(
            {"endpoint_id": signers[event.organisation], "message_id": event.id, "url": addresses[order]}
        )
    return deliveries


def _order_of(event: EventView) -> UUID | None:
    return msgspec.json.decode(event.data_json, type=_OrderOf).order


def order_endpoint(
    connection: Connection, organisation: UUID, *, cell: Cell, keyring: Keyring, at: datetime
) -> UUID:
    """Return the endpoint that signs for orders' own addresses; make it, with a secret, when first needed."""
    find = "SELECT id FROM webhook_endpoint WHERE organisation_id = %s AND cell = %s AND is_for_orders"
    row = connection.execute(find, (organisation, cell.number)).fetchone()
    if row is None:
        id_ = new_uuid7()
        connection.execute(
            statements.MAKE_ORDER_ENDPOINT,
            {
                "id": id_,
                "organisation": organisation,
                "cell": cell.number,
                "secret": keyring.seal_text(id_, new_secret()),
                "at": at,
            },
        )
        row = connection.execute(find, (organisation, cell.number)).fetchone()
    assert row is not None, "the endpoint was made by this or another transaction"
    endpoint: UUID = row[0]
    return endpoint


def write_messages(connection: Connection, events: Sequence[EventView], *, cell: Cell) -> None:
    """Store the final bodies of events; those that are there already stay as they are."""
    messages = [
        {
            "id": event.id,
            "organisation_id": event.organisation,
            "cell": cell.number,
            "seq": event.seq,
            "event_type": event.type,
            "body": webhook_bytes(event, livemode=cell.livemode).decode(),
            "created_at": event.created_at,
        }
        for event in events
    ]
    connection.execute(statements.WRITE_MESSAGES, {"rows": _json(messages)})


def purge_once(connection: Connection, *, at: datetime, limit: int = 1_000) -> int:
    """Drop one batch of messages past their replay time; return how many. Call again while it returns
    ``limit``.
    """
    return connection.execute(statements.PURGE, {"before": at - _RETENTION, "limit": limit}).rowcount


def _json(rows: list[dict[str, Any]]) -> str:
    return msgspec.json.encode(rows).decode()
