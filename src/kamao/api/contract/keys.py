"""API keys managed through the API itself."""

from datetime import datetime
from typing import Annotated, Literal

from msgspec import Meta, Struct

from kamao.api.contract.common import IPV4, IPV6, Label, Moment

Scope = Literal[
    "catalogue:read", "orders:write", "orders:read", "codes:read", "wallet:read", "listings:write",
    "supply:write",
    "webhooks:write",
]  # fmt: skip


Network = Annotated[
    str,
    Meta(
        max_length=49,
        pattern=f"^(({IPV4})(/(3[0-2]|[12]?[0-9]))?|({IPV6})(/(12[0-8]|1[01][0-9]|[1-9]?[0-9]))?)\\Z",
        description="An address, or a network in CIDR form",
    ),
]


class KeyRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """A new key, of the same organisation and mode as the calling one; it can have no scope that the calling
    one lacks.
    """

    label: Label
    scopes: Annotated[list[Scope], Meta(min_length=1, max_length=8)]
    ip_networks: Annotated[list[Network], Meta(max_length=50)] = []
    expires_at: Moment | None = None


class ApiKey(Struct, frozen=True):
    """A key. ``key`` is shown once, when it is made, and null ever after."""

    id: str
    label: str
    prefix: str
    scopes: list[str]
    ip_networks: list[str]
    livemode: bool
    rate_limit_per_minute: int | None
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used_at: datetime | None
    created_at: datetime
    key: str | None = None


class ApiKeyList(Struct, frozen=True):
    """A page of keys, newest first."""

    data: list[ApiKey]
    has_more: bool
