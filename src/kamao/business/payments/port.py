"""The port that every payment provider implements: five acts, one inbox check, one bill; answers that say
*unknown*.

Owns the shapes. Refuses exceptions as answers: a provider returns `Unknown` for anything that is not an
explicit, documented and authenticated answer (no answer, time-out, 5xx, garbage, wrong signature). Amounts
are minor units; moments are aware.
"""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Protocol, TypeAlias

import msgspec


class Capabilities(msgspec.Struct, frozen=True):
    """What a provider promises, so that the workers need not guess.

    `close_is_final`: an order it calls closed takes no more money by its own rules, also one it never saw.
    `refund_is_idempotent`: the same refund number may be sent again at any time. `signs_notices`: notices
    carry a signature over amount, order and time; otherwise each one is confirmed by a query.
    """

    close_is_final: bool
    refund_is_idempotent: bool
    signs_notices: bool
    is_test: bool


class CollectionOrder(msgspec.Struct, frozen=True):
    """What to collect; `number` is ours, stable, at most 32 characters."""

    number: str
    amount_minor: int
    currency: str
    subject: str
    expires_at: datetime
    notify_url: str
    return_url: str


class ArrivedMoney(msgspec.Struct, frozen=True):
    """One sum that reached the provider for an order of ours, under the provider's own payment number."""

    provider_payment_no: str
    amount_minor: int
    currency: str
    paid_at: datetime


class Unknown(msgspec.Struct, frozen=True):
    """No explicit answer. `sent` is False only where it is certain that nothing left this machine."""

    reason: str
    sent: bool = True


class Opened(msgspec.Struct, frozen=True):
    """The order waits for money at `pay_url`, which is also what the QR code says."""

    provider_order_no: str
    pay_url: str


class Paid(msgspec.Struct, frozen=True):
    """Money arrived: one or more sums, not necessarily the one that was asked."""

    arrivals: tuple[ArrivedMoney, ...]
    provider_order_no: str = ""


class Closed(msgspec.Struct, frozen=True):
    """The order is dead and without money."""

    provider_order_no: str = ""


class NotFound(msgspec.Struct, frozen=True):
    """The provider says it never saw this number."""


class Declined(msgspec.Struct, frozen=True):
    """An explicit, final no to this act; `reason` is the provider's code."""

    reason: str


class RefundOrder(msgspec.Struct, frozen=True):
    """Give back part or all of one payment; `number` is ours, stable for ever."""

    number: str
    provider_payment_no: str
    amount_minor: int
    currency: str
    reason: str


class RefundDone(msgspec.Struct, frozen=True):
    """The money left for its source."""

    at: datetime
    amount_minor: int


class RefundPending(msgspec.Struct, frozen=True):
    """Accepted, not finished."""


class BillLine(msgspec.Struct, frozen=True):
    """One payment or refund on a bill; `number` is the provider's payment number or our refund number."""

    kind: str
    number: str
    out_trade_no: str
    provider_payment_no: str
    amount_minor: int
    currency: str
    at: datetime


class Bill(msgspec.Struct, frozen=True):
    """All movements of one business day; `is_final` once the day is over at the provider."""

    day: date
    lines: tuple[BillLine, ...]
    is_final: bool


class PaymentNotice(msgspec.Struct, frozen=True):
    """An authenticated notice that money arrived for order `number`."""

    event_id: str
    merchant_number: str
    number: str
    arrival: ArrivedMoney


class RefundNotice(msgspec.Struct, frozen=True):
    """An authenticated notice about refund `number`."""

    event_id: str
    merchant_number: str
    number: str
    answer: RefundDone | Declined


class UnsignedNotice(msgspec.Struct, frozen=True):
    """A notice that proves nothing; the order it names is queried before anything is believed."""

    event_id: str
    number: str


class Forged(msgspec.Struct, frozen=True):
    """A notice that fails its check; `reason` is `signature`, `stale`, `merchant` or `malformed`."""

    reason: str


CreateAnswer: TypeAlias = Opened | Paid | Closed | Declined | Unknown
QueryAnswer: TypeAlias = Opened | Paid | Closed | NotFound | Unknown
CloseAnswer: TypeAlias = Paid | Closed | NotFound | Unknown
RefundAnswer: TypeAlias = RefundDone | RefundPending | Declined | Unknown
RefundQueryAnswer: TypeAlias = RefundDone | RefundPending | Declined | NotFound | Unknown
BillAnswer: TypeAlias = Bill | Unknown
Notice: TypeAlias = PaymentNotice | RefundNotice | UnsignedNotice | Forged


class PaymentProvider(Protocol):
    """A licensed provider (or the sandbox bank) for one account. Blocking; never raises for what the other
    side does.
    """

    @property
    def capabilities(self) -> Capabilities:
        """What this provider promises."""
        ...

    def create(self, order: CollectionOrder, /) -> CreateAnswer:
        """Open a collection order; repeating the same order is harmless."""
        ...

    def query(self, number: str, /) -> QueryAnswer:
        """Ask what became of an order."""
        ...

    def close(self, number: str, /) -> CloseAnswer:
        """Close an order so that it takes no money any more, unless it already did."""
        ...

    def refund(self, order: RefundOrder, /) -> RefundAnswer:
        """Give money back to where it came from."""
        ...

    def query_refund(self, number: str, /) -> RefundQueryAnswer:
        """Ask what became of a refund."""
        ...

    def verify_notification(self, headers: Mapping[str, str], body: bytes, *, at: datetime) -> Notice:
        """Check a notice: signature, five-minute window around `at`, merchant, shape. Header names are
        lower case.
        """
        ...

    def bill(self, day: date, /) -> BillAnswer:
        """Fetch the bill of a business day (Asia/Shanghai)."""
        ...
