"""What stock operations take and answer."""

from datetime import datetime
from uuid import UUID

import msgspec


class NewLot(msgspec.Struct, frozen=True):
    """One import of codes for an offer; ``id`` is the caller's, so that a resumed import finds its lot."""

    id: UUID
    offer: UUID
    supplier: UUID
    sku: UUID
    source: str = ""
    unit_cost_e4: int | None = None


class NewCode(msgspec.Struct, frozen=True):
    """A code in the clear, on its way to being sealed. ``number`` may be empty, ``secret`` may not."""

    number: str
    secret: str
    expires_at: datetime | None = None

    def __repr__(self) -> str:
        """Never show a code, not even in a traceback."""
        return "NewCode(…)"


class OpenedCode(msgspec.Struct, frozen=True, gc=False):
    """An opened code, to be handed to its holder."""

    number: str
    secret: str

    def __repr__(self) -> str:
        """Never show a code, not even in a traceback."""
        return "OpenedCode(…)"


class Allocated(msgspec.Struct, frozen=True, gc=False):
    """A free code that this transaction has locked."""

    id: UUID
    lot: UUID
    expires_at: datetime | None
    sealed: bytes


class Delivered(msgspec.Struct, frozen=True, gc=False):
    """One delivered item, still sealed: open it with the lot's data key after commit."""

    item: UUID
    kind: str
    code: UUID | None
    lot: UUID | None
    wrapped_key: bytes | None
    sealed: bytes | None
    expires_at: datetime | None
