"""Orders: what a merchant sends and what it gets back."""

from datetime import datetime
from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta, Struct

from kamao.api.contract.common import IPV4, IPV6, VISIBLE, Amount, HttpUrl, Problem, SkuCode, UnitPrice
from kamao.kernel.limits import BATCH_ORDERS_MAX, ORDER_QUANTITY_MAX

REFERENCE: Final = r"^[\x21-\x7E]{1,64}\Z"
Reference = Annotated[
    str,
    Meta(
        pattern=REFERENCE,
        description="Your own number of the order, unique per mode; repeat it to ask what became of it",
    ),
]
Quantity = Annotated[int, Meta(ge=1, le=ORDER_QUANTITY_MAX)]
SalesChannel = Literal[
    "shop", "taobao", "tmall", "pdd", "jd", "douyin", "xianyu", "wechat_shop", "counter", "other"
]
TargetName = Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_]{0,31}\Z")]
TargetValue = Annotated[str, Meta(min_length=1, max_length=200, pattern=VISIBLE)]
Target = Annotated[
    dict[TargetName, TargetValue],
    Meta(
        min_length=1,
        max_length=16,
        description="The account to top up, field by field of the SKU's top-up form",
    ),
]
MetadataName = Annotated[str, Meta(min_length=1, max_length=40, pattern=VISIBLE)]
MetadataValue = Annotated[str, Meta(max_length=500, pattern=VISIBLE)]
Metadata = Annotated[dict[MetadataName, MetadataValue], Meta(max_length=50)]
IpAddress = Annotated[
    str, Meta(max_length=45, pattern=f"^({IPV4}|{IPV6})\\Z", description="IPv4 or IPv6 address of your buyer")
]
OrderState = Literal[
    "awaiting_payment", "awaiting_funds", "paid", "fulfilling", "in_doubt", "cancelling", "delivered",
    "settled",
    "disputed", "refunding", "refunded", "failed", "cancelled",
]  # fmt: skip


class OrderRequest(Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """One order, paid from the wallet."""

    sku: SkuCode
    quantity: Quantity
    reference: Reference
    max_unit_price_decimal: UnitPrice | None = None
    max_amount: Amount | None = None
    target: Target | None = None
    sales_channel: SalesChannel | None = None
    retail_unit_price_decimal: UnitPrice | None = None
    channel_order_no: Annotated[str, Meta(min_length=1, max_length=64, pattern=VISIBLE)] | None = None
    buyer_ip: IpAddress | None = None
    notify_url: HttpUrl | None = None
    metadata: Metadata | None = None


class OrderBatchRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """Up to 1000 orders, answered in order; each is accepted or refused by itself."""

    orders: Annotated[list[OrderRequest], Meta(min_length=1, max_length=BATCH_ORDERS_MAX)]


class Delivery(Struct, frozen=True, gc=False):
    """One delivered item. ``number`` and ``secret`` are shown under ``codes:read``, never in lists."""

    kind: str
    item: str
    number: str | None
    secret: str | None
    secret_available: bool
    expires_at: datetime | None


class Order(Struct, frozen=True, gc=False):
    """An order as its merchant sees it. ``deliveries`` is null in lists."""

    id: str
    reference: str
    sku: str
    quantity: int
    unit_price: int
    unit_price_decimal: str
    amount: int
    currency: str
    state: OrderState
    intake: str
    sales_channel: str | None
    channel_order_no: str | None
    target: dict[str, str] | None
    delivered_quantity: int
    refunded_amount: int
    units_refunded: int
    deliveries: list[Delivery] | None
    receipt: str | None
    message: str | None
    created_at: datetime
    delivered_at: datetime | None
    settles_at: datetime | None
    metadata: Annotated[Any, Meta(extra_json_schema={"type": "object"})]


class OrderList(Struct, frozen=True):
    """A page of orders, newest first."""

    data: list[Order]
    has_more: bool


class BatchItem(Struct, frozen=True, omit_defaults=True):
    """The answer to one order of a batch: the HTTP status it would have had alone, and its order or
    problem.
    """

    status: int
    order: Order | None = None
    problem: Problem | None = None


class BatchAnswer(Struct, frozen=True):
    """One answer per order, in the order of the request."""

    results: list[BatchItem]


class CancelRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """Why an order is cancelled, kept in its history."""

    reason: Annotated[str, Meta(min_length=1, max_length=200, pattern=VISIBLE)] | None = None


NO_METADATA = msgspec.Raw(b"{}")
