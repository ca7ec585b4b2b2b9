"""What trade operations take and answer. Amounts are minor units, unit prices 1/10 000 of the major unit."""

from datetime import datetime
from uuid import UUID

import msgspec

from kamao.engine.stock.types import Delivered

OUTCOMES = (
    "created",
    "repeated",
    "merchant_suspended",
    "sku_not_found",
    "reference_conflict",
    "invalid_quantity",
    "target_required",
    "price_above_limit",
    "insufficient_balance",
    "not_sellable",
    "out_of_stock",
    "busy",
)
"""Outcome codes of submit in precedence order: the first that applies is given."""


class OrderRequest(msgspec.Struct, frozen=True, gc=False):
    """One order that a merchant asks for, paid from its wallet.

    ``content`` are the canonical bytes of what identity of a repeated reference is judged by; callers leave
    it to ``rules.content_of``. ``target_json`` are the target's JSON bytes (personal: sealed before storage),
    ``metadata_json`` the merchant's own.
    """

    merchant: UUID
    reference: str
    sku: str
    quantity: int
    max_unit_price_e4: int | None = None
    max_amount_minor: int | None = None
    target_json: bytes | None = None
    intake: str = "api"
    sales_channel: str | None = None
    retail_unit_price_e4: int | None = None
    channel_order_no: str | None = None
    buyer_ip: str | None = None
    notify_url: str | None = None
    metadata_json: bytes | None = None


class OrderView(msgspec.Struct, frozen=True, gc=False):
    """An order as its merchant may see it; deliveries only where they were asked for."""

    id: UUID
    merchant: UUID
    reference: str
    sku: str
    quantity: int
    unit_price_e4: int
    amount_minor: int
    currency: str
    state: str
    intake: str
    sales_channel: str | None
    channel_order_no: str | None
    has_target: bool
    delivered_quantity: int
    refunded_minor: int
    units_refunded: int
    message: str | None
    created_at: datetime
    delivered_at: datetime | None
    settles_at: datetime | None
    metadata_json: bytes | None
    purchase: UUID | None = None
    deliveries: tuple[Delivered, ...] = ()


class SubmitResult(msgspec.Struct, frozen=True, gc=False):
    """Outcome code of one item and, for ``created`` and ``repeated``, the order."""

    outcome: str
    order: OrderView | None = None


class MerchantSpec(msgspec.Struct, frozen=True):
    """A merchant as a cell must know it; registering again changes level, never the wallet."""

    id: UUID
    level: int = 0
    currency: str = "CNY"
    credit_minor: int = 0
    status: str = "active"


class SupplierSpec(msgspec.Struct, frozen=True):
    """A supplier as a cell must know it. New suppliers settle after seven days (``trade.md``)."""

    id: UUID
    currency: str = "CNY"
    settlement_delay_s: int = 7 * 86_400
    status: str = "active"


class CancelRequest(msgspec.Struct, frozen=True):
    """Ask to cancel an order that nobody has been asked to supply yet."""

    merchant: UUID
    order: UUID
    actor: str
    reason: str


class RefundRequest(msgspec.Struct, frozen=True):
    """Give back units of an order's money. ``id`` is the refund's own id and its idempotency.

    ``units`` None means every unit not yet refunded.
    """

    id: UUID
    order: UUID
    actor: str
    reason: str
    units: int | None = None


class Change(msgspec.Struct, frozen=True):
    """Outcome of an operation on one order: ``done`` or a refusal's code, with the state it is in now."""

    outcome: str
    state: str | None = None
    amount_minor: int = 0


class PurchaseLine(msgspec.Struct, frozen=True):
    """One order of a purchase. ``amount_minor`` is what the consumer pays for it (a bundle's share, or
    quantity × retail).

    ``retail_unit_price_e4`` is the listing's price, kept with the order.
    """

    sku: str
    quantity: int
    amount_minor: int
    retail_unit_price_e4: int
    target_json: bytes | None = None
    resellers: tuple[tuple[UUID, int], ...] = ()
    """Levels above the selling shop (分站), the root merchant first: who, and the unit price it sells on at.

    The wholesale price is then the root's; each level gains the difference between its price and the one
    before it.
    """


class PurchaseRequest(msgspec.Struct, frozen=True):
    """What a consumer wants to pay at once in a merchant's shop; all of it or nothing.

    ``merchant`` is the shop's; ``contact_key``, ``address_key`` and ``device_key`` are keyed hashes that
    limits count by.
    """

    merchant: UUID
    reference: str
    lines: tuple[PurchaseLine, ...]
    expires_at: datetime
    currency: str = "CNY"
    sales_channel: str | None = "shop"
    contact_key: bytes | None = None
    address_key: bytes | None = None
    device_key: bytes | None = None
    buyer_ip: str | None = None


class ReservationLimits(msgspec.Struct, frozen=True):
    """Open unpaid purchases that one contact, address or device may have; None lifts a limit."""

    contact_max: int | None = 5
    address_max: int | None = 50
    device_max: int | None = 5


class PlacedPurchase(msgspec.Struct, frozen=True):
    """Outcome of placing a purchase: ``created``, ``repeated``, or a refusal.

    Refusals in precedence order: ``merchant_suspended``, ``reference_conflict``, ``sku_not_found``,
    ``invalid_quantity``, ``target_required``, ``too_many_reservations``, ``not_sellable`` (also below cost),
    ``out_of_stock``. ``line`` is the line that was refused.
    """

    outcome: str
    purchase: UUID | None = None
    orders: tuple[UUID, ...] = ()
    amount_minor: int = 0
    line: int | None = None


class PurchaseView(msgspec.Struct, frozen=True):
    """A purchase with the ids of its orders."""

    id: UUID
    merchant: UUID
    reference: str
    amount_minor: int
    currency: str
    state: str
    expires_at: datetime
    created_at: datetime
    paid_at: datetime | None
    orders: tuple[UUID, ...] = ()


class PaymentArrived(msgspec.Struct, frozen=True):
    """A verified payment: this much money is with the custodian ``provider`` under its own number."""

    provider: str
    provider_payment_no: str
    purchase: UUID | None
    amount_minor: int
    currency: str
    paid_at: datetime


class PaymentOutcome(msgspec.Struct, frozen=True):
    """``captured`` (goods are delivered or being supplied), ``duplicate`` (known before, nothing moved),
    ``conflict`` (known with another amount: a case), or ``unapplied`` (booked, and a refund to its source is
    due) with the reason.
    """

    outcome: str
    reason: str = ""
    payment: UUID | None = None
    refund: UUID | None = None


class RefundView(msgspec.Struct, frozen=True):
    """A refund to a payment's source, with what the provider needs to know."""

    id: UUID
    payment: UUID
    provider: str
    provider_payment_no: str
    amount_minor: int
    payment_amount_minor: int
    currency: str
    state: str
    purchase: UUID | None
    created_at: datetime


class RefundAnswer(msgspec.Struct, frozen=True):
    """What a provider finally said of a refund: ``done``, ``refused`` or ``in_doubt``."""

    refund: UUID
    answer: str
    provider_refund_no: str | None = None


class Receipt(msgspec.Struct, frozen=True):
    """One delivered unit that did not come from stock: a code typed in, a top-up's receipt, a link."""

    secret: str
    number: str = ""
    kind: str = "receipt"


class FulfilmentView(msgspec.Struct, frozen=True):
    """An attempt that waits for a supplier: what to supply, for which order; the target stays sealed until
    asked for.
    """

    id: UUID
    order: UUID
    sku: str
    quantity: int
    state: str
    created_at: datetime
    wrapped_key: bytes | None
    sealed: bytes | None


class FulfilmentAnswer(msgspec.Struct, frozen=True):
    """A supplier's answer to an attempt: receipts for each delivered unit, or a failure with a reason."""

    attempt: UUID
    supplier: UUID
    receipts: tuple[Receipt, ...] = ()
    failure: str | None = None
    upstream_no: str | None = None
