"""The wallet and its statement."""

from datetime import datetime

from msgspec import Struct


class Wallet(Struct, frozen=True):
    """A prepaid balance. ``available`` = balance − held + credit line."""

    currency: str
    balance: int
    held: int
    credit_line: int
    available: int


class StatementEntry(Struct, frozen=True):
    """One numbered line of a statement; amounts that came in are positive."""

    entry_no: int
    type: str
    amount: int
    balance_after: int
    currency: str
    order: str | None
    created_at: datetime


class StatementPage(Struct, frozen=True):
    """A page of entries, newest first."""

    data: list[StatementEntry]
    has_more: bool
