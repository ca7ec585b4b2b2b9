"""What ledger operations take and answer. Amounts are minor units."""

from datetime import datetime
from uuid import UUID

import msgspec

from kamao.engine.ledger.accounts import Account


class Transfer(msgspec.Struct, frozen=True):
    """Move money between two accounts once: ``key`` is its idempotency, unique for ever."""

    key: str
    kind: str
    debit: Account
    credit: Account
    amount_minor: int
    subject: UUID | None = None


class Transferred(msgspec.Struct, frozen=True):
    """Outcome of a transfer: ``created``, ``repeated``, ``key_conflict``, ``insufficient_balance``,
    ``invalid``.
    """

    outcome: str
    posting: UUID | None = None


class Hold(msgspec.Struct, frozen=True):
    """Set money of a floored account aside for a later posting; ``id`` is the caller's and its
    idempotency.
    """

    id: UUID
    kind: str
    debit: Account
    credit: Account
    amount_minor: int
    order: UUID | None = None
    subject: UUID | None = None


class HoldResolution(msgspec.Struct, frozen=True):
    """Post a hold (``amount_minor`` None: all of it; the rest is released) or void it."""

    hold: UUID
    post: bool
    amount_minor: int | None = None


class Entry(msgspec.Struct, frozen=True):
    """One line of a statement of a floored account; ``amount_minor`` is signed, credits positive."""

    entry_no: int
    posting: UUID
    kind: str
    amount_minor: int
    balance_after: int
    order: UUID | None
    subject: UUID | None
    created_at: datetime


class Balance(msgspec.Struct, frozen=True):
    """A floored account's balance, what holds take of it, its floor, and what may be spent."""

    currency: str
    balance_minor: int
    pending_minor: int
    floor_minor: int

    @property
    def available_minor(self) -> int:
        """What may be spent now."""
        return self.balance_minor - self.pending_minor - self.floor_minor
