"""What trade operations take and answer. Amounts are minor units, unit prices 1/10 000 of the major unit."""

from datetime import datetime
from uuid import UUID

import msgspec

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


class OrderRequest(msgspec.Struct, frozen=True):
    """One order that a merchant asks for, paid from its wallet.

    ``content`` are the canonical bytes of what identity of a repeated reference is judged by; callers leave it to
    ``rules.content_of``. ``target_json`` are the target's JSON bytes (personal: sealed before storage), ``metadata_json``
    the merchant's own.
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


class Delivered(msgspec.Struct, frozen=True):
    """One delivered item, still sealed: open it with the lot's data key after commit."""

    item: UUID
    kind: str
    code: UUID | None
    lot: UUID | None
    wrapped_key: bytes | None
    sealed: bytes | None
    expires_at: datetime | None


class OrderView(msgspec.Struct, frozen=True):
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


class SubmitResult(msgspec.Struct, frozen=True):
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
    """Give back units of an order's money. ``units`` None means every unit not yet refunded."""

    order: UUID
    actor: str
    reason: str
    units: int | None = None


class Change(msgspec.Struct, frozen=True):
    """Outcome of an operation on one order: ``done`` or a refusal's code, with the state it is in now."""

    outcome: str
    state: str | None = None
    amount_minor: int = 0
