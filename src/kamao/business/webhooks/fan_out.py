"""From events to deliveries: reads what a cell's sequencer has numbered and makes one delivery per endpoint.

Owns the cursor of each cell and the final body of a message. Refuses codes (an event has none) and bodies of 20 kB
or more: such an event is sent with its ids only, and the receiver asks the API for the rest.
"""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
import psycopg

from kamao.business.webhooks import event_types, rules, statements
from kamao.kernel.ids import RandomIds, encode

_LIVE_CELL = 0
_IDENTIFYING_KEYS = ("id", "reference", "order", "sku", "state")
_RETENTION = timedelta(days=rules.REPLAY_DAYS + 4)
"""A delivery is given up a little more than three days after its event, and replayable for thirty days after that."""


class Event(msgspec.Struct, frozen=True):
    """A numbered event of one cell, as the engine keeps it."""

    seq: int
    id: UUID
    type: str
    organisation: UUID
    data: msgspec.Raw
    created_at: datetime


class _Body(msgspec.Struct):
    id: str
    type: str
    schema: int
    livemode: bool
    seq: int
    timestamp: str
    data: msgspec.Raw


def event_body(event: Event, *, cell: int) -> bytes:
    """Return the JSON that every receiver of an event gets: ``{id,type,schema:1,livemode,seq,timestamp,data}``.

    A test cell is any but cell 0. Fields are only ever added.
    """
    moment = event.created_at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    body = _Body(encode("evt", event.id), event.type, 1, cell == _LIVE_CELL, event.seq, moment, event.data)
    content = msgspec.json.encode(body)
    if len(content) < rules.PAYLOAD_BYTES_MAX:
        return content
    data = msgspec.json.decode(event.data)
    short = {key: data[key] for key in _IDENTIFYING_KEYS if isinstance(data, dict) and key in data}
    short = {key: value for key, value in short.items() if isinstance(value, str) and len(value) <= 200}
    body.data = msgspec.Raw(msgspec.json.encode({**short, "is_shortened": True}))
    return msgspec.json.encode(body)


def fan_out_once(connection: psycopg.Connection[Any], *, cell: int, at: datetime, limit: int = 1_000) -> int:
    """Turn the cell's next events into deliveries; return how many events were looked at (0: nothing new).

    ``connection`` has the cell's search path and no open transaction; this opens one. Several workers may call it:
    the cursor's row lock lets one work at a time, and the others pass.
    """
    with connection.transaction():
        connection.execute("INSERT INTO webhook_cursor (cell, seq) VALUES (%s, 0) ON CONFLICT DO NOTHING", (cell,))
        row = connection.execute(
            "SELECT seq FROM webhook_cursor WHERE cell = %s FOR UPDATE SKIP LOCKED", (cell,)
        ).fetchone()
        if row is None:
            return 0
        rows = connection.execute(
            statements.READ_EVENTS,
            {"after": row[0], "limit": limit, "cell": cell, "public": sorted(event_types.NAMES)},
        ).fetchall()
        if not rows:
            return 0
        wanted = [
            (Event(seq, id_, kind, organisation, msgspec.Raw(data.encode()), created_at), endpoints)
            for seq, id_, kind, organisation, data, created_at, endpoints in rows
            if endpoints
        ]
        if wanted:
            _write(connection, wanted, cell=cell, at=at)
        connection.execute("UPDATE webhook_cursor SET seq = %s WHERE cell = %s", (rows[-1][0], cell))
    return len(rows)


def _write(
    connection: psycopg.Connection[Any], wanted: list[tuple[Event, list[UUID]]], *, cell: int, at: datetime
) -> None:
    write_messages(connection, [event for event, _endpoints in wanted], cell=cell)
    pairs = [(event.id, endpoint) for event, endpoints in wanted for endpoint in endpoints]
    ids = RandomIds(cell).many(len(pairs))
    deliveries = [
        {"id": id_, "endpoint_id": endpoint, "message_id": message}
        for id_, (message, endpoint) in zip(ids, pairs, strict=True)
    ]
    connection.execute(statements.WRITE_DELIVERIES, {"rows": _json(deliveries), "at": at})


def write_messages(connection: psycopg.Connection[Any], events: list[Event], *, cell: int) -> None:
    """Store the final bodies of events; those that are there already stay as they are."""
    messages = [
        {
            "id": event.id,
            "organisation_id": event.organisation,
            "cell": cell,
            "seq": event.seq,
            "event_type": event.type,
            "body": event_body(event, cell=cell).decode(),
            "created_at": event.created_at,
        }
        for event in events
    ]
    connection.execute(statements.WRITE_MESSAGES, {"rows": _json(messages)})


def purge_once(connection: psycopg.Connection[Any], *, at: datetime, limit: int = 1_000) -> int:
    """Drop one batch of messages past their replay time; return how many. Call again while it returns ``limit``."""
    return connection.execute(statements.PURGE, {"before": at - _RETENTION, "limit": limit}).rowcount


def _json(rows: list[dict[str, Any]]) -> str:
    return msgspec.json.encode(rows).decode()
