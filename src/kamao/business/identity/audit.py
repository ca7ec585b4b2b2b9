"""The audit trail: who did what to what, when and from where. Rows are only added.

Refuses details that look like secrets: an entry is read by people who may not know a code, a key or a
password.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec

from kamao.business.identity.models import AuditEntry

Detail = str | int | bool | None | list[str]

_SECRET_WORDS: Final = ("secret", "password", "token", "code", "raw_key", "totp", "seed")


class Actor(msgspec.Struct, frozen=True):
    """Who acts: a person, a key, or nobody (the node itself); and from which address."""

    user: UUID | None = None
    api_key: UUID | None = None
    impersonated_by: UUID | None = None
    address: str | None = None


SYSTEM: Final = Actor()


def record(
    act: str,
    *,
    actor: Actor,
    at: datetime,
    organisation: UUID | None = None,
    object_kind: str = "",
    object_id: str = "",
    details: dict[str, Detail] | None = None,
) -> AuditEntry:
    """Add one entry, in the caller's transaction, so that an act without its entry cannot commit.

    `act` is `object.verb`, for example `api_key.create`. Detail names that speak of secrets are a bug.
    """
    for name in details or {}:
        assert not any(word in name for word in _SECRET_WORDS), f"an audit detail must not hold {name}"
    return AuditEntry.objects.create(
        at=at,
        user_id=actor.user,
        api_key_id=actor.api_key,
        impersonated_by_id=actor.impersonated_by,
        organisation_id=organisation,
        act=act,
        object_kind=object_kind,
        object_id=object_id,
        address=actor.address,
        details=details or {},
    )
