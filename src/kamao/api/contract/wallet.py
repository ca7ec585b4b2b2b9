"""The wallet, its statement, announced top-ups; and payouts of what is owed."""

from datetime import datetime
from typing import Annotated, Literal

from msgspec import Meta, Struct

from kamao.api.contract.common import AmountPaid, Currency


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


BankReference = Annotated[
    str,
    Meta(pattern=r"^[0-9A-Za-z_-]{4,64}\Z", description="The number of your transfer at the bank"),
]


class TopupRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """Say that money is on its way to the operator's bank; it is booked when it has arrived."""

    amount: AmountPaid
    bank_reference: BankReference


class Topup(Struct, frozen=True):
    """An announced top-up: ``pending``, ``booked`` (it is in the wallet) or ``declined``."""

    id: str
    amount: int
    currency: str
    bank_reference: str
    state: Literal["pending", "booked", "declined"]
    created_at: datetime
    decided_at: datetime | None


class TopupList(Struct, frozen=True):
    """A page of announced top-ups, newest first."""

    data: list[Topup]
    has_more: bool


class PayoutRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """Ask for money that is owed to you; it is set aside at once and paid by the operator."""

    amount: AmountPaid
    currency: Currency = "CNY"


class Payout(Struct, frozen=True):
    """A payout: ``pending``, ``paid``, or ``returned`` to what is owed to you."""

    id: str
    amount: int
    currency: str
    state: Literal["pending", "paid", "returned"]
    created_at: datetime
    closed_at: datetime | None


class PayoutList(Struct, frozen=True):
    """A page of payouts, newest first."""

    data: list[Payout]
    has_more: bool
