"""The JSON of an event, the same for webhooks and for ``GET /events``.

Owns the shape ``{id,type,schema:1,livemode,seq,timestamp,data}`` and the bound of 20 kB. Fields are only
ever added. Refuses internal ids in the clear: they are shown with their prefix. Events hold no codes to
begin with.
"""

from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

import msgspec

from kamao.business.webhooks.rules import PAYLOAD_BYTES_MAX
from kamao.engine.trade.queries import EventView
from kamao.kernel.ids import encode

EVENT_PREFIX: Final = "evt"
_PUBLIC_IDS: Final = {"order": "ord", "purchase": "pur", "payout": "pyo", "dispute": "dsp", "supplier": "sup"}
"""Fields of an event's data that hold ids, and the prefix each is shown with."""
_IDENTIFYING: Final = ("id", *_PUBLIC_IDS, "reference", "sku", "state")


class EventBody(msgspec.Struct, frozen=True):
    """An event as outsiders see it."""

    id: str
    type: str
    schema: int
    livemode: bool
    seq: int
    timestamp: str
    data: dict[str, Any]


def event_body(event: EventView, *, livemode: bool) -> EventBody:
    """Return an event's public form. ``data.id`` names what the event is about, for example ``ord_…``."""
    return EventBody(
        id=encode(EVENT_PREFIX, event.id),
        type=event.type,
        schema=1,
        livemode=livemode,
        seq=event.seq,
        timestamp=_rfc3339(event.created_at),
        data=_public(msgspec.json.decode(event.data_json), subject=event.type.partition(".")[0]),
    )


def webhook_bytes(event: EventView, *, livemode: bool) -> bytes:
    """Return the body that every receiver gets, below 20 kB.

    A longer one keeps only what names its subject and says ``is_shortened``; the receiver asks the API for
    the rest.
    """
    body = event_body(event, livemode=livemode)
    content = msgspec.json.encode(body)
    if len(content) < PAYLOAD_BYTES_MAX:
        return content
    short = {
        name: value
        for name in _IDENTIFYING
        if isinstance(value := body.data.get(name), str) and len(value) <= 200
    }
    return msgspec.json.encode(msgspec.structs.replace(body, data={**short, "is_shortened": True}))


def _public(data: dict[str, Any], *, subject: str) -> dict[str, Any]:
    shown: dict[str, Any] = {}
    for name, value in data.items():
        prefix = _PUBLIC_IDS.get(name)
        text = encode(prefix, UUID(value)) if prefix and isinstance(value, str) and _is_uuid(value) else value
        shown["id" if name == subject else name] = text
    return shown


def _is_uuid(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True


def _rfc3339(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
