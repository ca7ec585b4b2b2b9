"""Block lists: contacts, addresses, devices and targets that may not buy, for the node or for one merchant.

Owns adding, lifting and checking. Refuses to keep the text of a subject; a masked hint is all that people
see. A merchant's entry never reaches another merchant's shop.
"""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

import msgspec
from django.db.models import Q, QuerySet

from kamao.business.compliance.keys import SubjectKind, mask, subject_key
from kamao.business.compliance.models import BlockEntry
from kamao.kernel.sealing import Keyring


class Block(msgspec.Struct, frozen=True):
    """A new entry; `organisation` None means the whole node (the operator's own list)."""

    kind: SubjectKind
    text: str
    reason: str
    author: str
    organisation: UUID | None = None
    expires_at: datetime | None = None


def add_block(block: Block, *, keyring: Keyring, at: datetime) -> BlockEntry:
    """Store an entry; adding the same subject to the same list again returns the entry in force."""
    key = subject_key(keyring, kind=block.kind, text=block.text)
    known = (
        _in_force(at=at).filter(organisation_id=block.organisation, kind=block.kind, subject_key=key).first()
    )
    if known is not None:
        return known
    return BlockEntry.objects.create(
        organisation_id=block.organisation,
        kind=block.kind,
        subject_key=key,
        hint=mask(block.text),
        reason=block.reason,
        author=block.author,
        created_at=at,
        expires_at=block.expires_at,
    )


def lift_block(entry: UUID, *, organisation: UUID | None, author: str, at: datetime) -> bool:
    """End an entry of this list; False when it is not there (another organisation's included) or lifted
    before.
    """
    rows = BlockEntry.objects.filter(id=entry, organisation_id=organisation, lifted_at__isnull=True)
    return rows.update(lifted_at=at, lifted_by=author) == 1


def blocked_subject(
    subjects: Mapping[SubjectKind, bytes], *, merchant: UUID, at: datetime
) -> SubjectKind | None:
    """The kind of the first subject (keyed hashes by kind) that is on the node's or this merchant's list."""
    if not subjects:
        return None
    rows = _in_force(at=at).filter(
        Q(organisation_id__isnull=True) | Q(organisation_id=merchant), subject_key__in=list(subjects.values())
    )
    found = {(kind, bytes(key)) for kind, key in rows.values_list("kind", "subject_key")}
    return next((kind for kind, key in subjects.items() if (kind, key) in found), None)


def _in_force(*, at: datetime) -> QuerySet[BlockEntry]:
    return BlockEntry.objects.filter(
        Q(expires_at__isnull=True) | Q(expires_at__gt=at), lifted_at__isnull=True
    )
