"""Webhook endpoints and events."""

from datetime import datetime
from typing import Annotated, Any

from msgspec import Meta, Struct

from kamao.business.webhooks.event_types import NAMES

_FILTERS = sorted(NAMES | {f"{name.partition('.')[0]}.*" for name in NAMES})
EventName = Annotated[str, Meta(max_length=64, extra_json_schema={"enum": _FILTERS})]
# What may be called is decided by the guard; what is documented is what passes it everywhere.
_PUBLIC_URL = (
    r"^https?://([a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?\.){1,3}[a-z]{2,12}(:(80|443))?(/[!-\"$-\[\]-~]*)?$"
)
EventNames = Annotated[list[EventName], Meta(max_length=64)]
WebhookUrl = Annotated[str, Meta(max_length=2000, extra_json_schema={"pattern": _PUBLIC_URL})]
# Latin and Chinese letters with their punctuation: what every console shows.
_PRINTABLE = r"^[ -~\u00a1-\u00ac\u00ae-\u024f\u3001-\u301f\u4e00-\u9fff\uff01-\uff5e]*\Z"
Description = Annotated[str, Meta(max_length=200, pattern=_PRINTABLE)]


class EndpointRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """A new endpoint. Without ``events`` it gets every event; ``order.*`` names a group."""

    url: WebhookUrl
    events: EventNames = []
    description: Description = ""


class RotateRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """How long the old secret signs beside the new one: a day by default, at most seven."""

    overlap_s: Annotated[int, Meta(ge=0, le=604_800)] = 86_400


class Endpoint(Struct, frozen=True):
    """An endpoint. ``secret`` is shown once, when it is made or rotated, and null ever after."""

    id: str
    url: str
    events: list[str]
    description: str
    enabled: bool
    disabled_reason: str | None
    created_at: datetime
    secret: str | None = None


class EndpointList(Struct, frozen=True):
    """A page of endpoints, newest first."""

    data: list[Endpoint]
    has_more: bool


class Event(Struct, frozen=True):
    """An event, the same as in its webhook. Compare ``seq``: the order of arrival is not promised."""

    id: str
    type: str
    schema: int
    livemode: bool
    seq: int
    timestamp: datetime
    data: dict[str, Any]


class EventList(Struct, frozen=True):
    """A page of events, newest first."""

    data: list[Event]
    has_more: bool


class Redelivery(Struct, frozen=True):
    """To how many endpoints an event is sent again."""

    endpoints: int
