"""Webhook endpoints and events."""

from datetime import datetime
from typing import Annotated, Any

from msgspec import Meta, Struct

from kamao.api.contract.common import VISIBLE, HttpUrl

EventName = Annotated[str, Meta(max_length=64, pattern=r"^[a-z_]+\.([a-z_]+|\*)\Z")]
EventNames = Annotated[list[EventName], Meta(max_length=64)]
Description = Annotated[str, Meta(max_length=200, pattern=VISIBLE)]


class EndpointRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """A new endpoint. Without ``events`` it gets every event; ``order.*`` names a group."""

    url: HttpUrl
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
