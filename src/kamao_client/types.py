"""What the API sends and takes, as frozen structs. Amounts are integer minor units (CNY: fen), times are
aware.

Fields that the API adds later are ignored; enumerations are plain text, so that a new value breaks nobody.
"""

from datetime import datetime
from typing import Any, Generic, TypeVar

from msgspec import Struct

from kamao_client.errors import Problem
from kamao_client.webhooks import Event

T = TypeVar("T")

__all__ = [
    "ApiKey",
    "BatchResult",
    "Category",
    "Code",
    "CodesAnswer",
    "Delivery",
    "Event",
    "Fulfilment",
    "FulfilmentAnswer",
    "Lot",
    "Offer",
    "OfferResult",
    "OfferUpsert",
    "Order",
    "OrderRequest",
    "Page",
    "PriceStep",
    "Problem",
    "Quote",
    "Recall",
    "Receipt",
    "Redelivery",
    "RefusedCode",
    "Results",
    "Scene",
    "Sku",
    "StatementEntry",
    "TargetCheck",
    "TargetProblem",
    "TopupChoice",
    "TopupField",
    "TopupForm",
    "Wallet",
    "WebhookEndpoint",
]  # fmt: skip


class Page(Struct, Generic[T], frozen=True):
    """One page of a list."""

    data: list[T]
    has_more: bool = False


class Results(Struct, Generic[T], frozen=True):
    """One result per item of a request, in its order."""

    results: list[T]


class TopupChoice(Struct, frozen=True):
    """One value that a field of a top-up form may have."""

    value: str
    label: str
    within: list[str] = []


class TopupField(Struct, frozen=True):
    """One field of a top-up form; ``key`` is the name to use in ``target``."""

    key: str
    label: str
    hint: str = ""
    required: bool = True
    validator: str = ""
    choices: list[TopupChoice] = []
    parent: str | None = None


class TopupForm(Struct, frozen=True):
    """What a top-up needs to know of its account."""

    name: str
    fields: list[TopupField] = []


class Sku(Struct, frozen=True):
    """Something for sale, at your wholesale price. ``price_decimal`` is authoritative, ``price`` its
    rounding.
    """

    sku: str
    name: str
    product: str
    category: str
    kind: str
    currency: str
    stock: str
    brand: str | None = None
    scenes: list[str] = []
    price: int | None = None
    price_decimal: str | None = None
    official_price: int | None = None
    promise_s: int = 0
    warranty: str | None = None
    topup_form: TopupForm | None = None
    min_quantity: int = 1
    max_quantity: int = 1000
    multiple: int = 1
    updated_at: datetime | None = None


class Category(Struct, frozen=True):
    """A node of the category tree."""

    category: str
    name: str
    parent: str | None = None


class Scene(Struct, frozen=True):
    """A themed collection of SKUs."""

    scene: str
    name: str


class PriceStep(Struct, frozen=True):
    """One step of a price's explanation."""

    code: str
    text: str
    unit_price_decimal: str


class TargetProblem(Struct, frozen=True):
    """What is wrong with one field of a target."""

    field: str
    code: str
    text: str


class TargetCheck(Struct, frozen=True):
    """Whether a target fits the SKU's top-up form."""

    accepted: bool
    target: dict[str, str] | None = None
    problems: list[TargetProblem] = []


class Quote(Struct, frozen=True):
    """What an order would cost now, and whether it would be accepted (``refusal`` is the code if not)."""

    sku: str
    quantity: int
    currency: str
    stock: str
    acceptable: bool
    unit_price: int | None = None
    unit_price_decimal: str | None = None
    amount: int | None = None
    refusal: str | None = None
    explanation: list[PriceStep] = []
    target_check: TargetCheck | None = None
    wallet_available: int | None = None
    retail_floor_decimal: str | None = None
    retail_ceiling_decimal: str | None = None


class OrderRequest(Struct, frozen=True, omit_defaults=True):
    """An order to place. ``reference`` is your own number: repeating it never buys twice."""

    sku: str
    quantity: int
    reference: str
    max_unit_price_decimal: str | None = None
    max_amount: int | None = None
    target: dict[str, str] | None = None
    sales_channel: str | None = None
    retail_unit_price_decimal: str | None = None
    channel_order_no: str | None = None
    buyer_ip: str | None = None
    notify_url: str | None = None
    metadata: dict[str, str] | None = None


class Delivery(Struct, frozen=True):
    """One delivered item. ``secret`` is set only where the key may read codes, and never in lists."""

    kind: str
    item: str
    number: str | None = None
    secret: str | None = None
    secret_available: bool = False
    expires_at: datetime | None = None

    def __repr__(self) -> str:
        """Never show a code, not even in a traceback or a log."""
        return f"Delivery(kind={self.kind!r}, item={self.item!r}, …)"


class Order(Struct, frozen=True):
    """An order. ``deliveries`` is None in lists."""

    id: str
    reference: str
    sku: str
    quantity: int
    unit_price: int
    unit_price_decimal: str
    amount: int
    currency: str
    state: str
    created_at: datetime
    intake: str = "api"
    sales_channel: str | None = None
    channel_order_no: str | None = None
    target: dict[str, str] | None = None
    delivered_quantity: int = 0
    refunded_amount: int = 0
    units_refunded: int = 0
    deliveries: list[Delivery] | None = None
    receipt: str | None = None
    message: str | None = None
    delivered_at: datetime | None = None
    settles_at: datetime | None = None
    metadata: dict[str, Any] = {}

    @property
    def is_final(self) -> bool:
        """Whether nothing more will happen by itself but settlement or after-sales."""
        return self.state in {"delivered", "settled", "refunded", "failed", "cancelled"}


class BatchResult(Struct, frozen=True):
    """The answer to one order of a batch: the status it would have had alone, and its order or its
    problem.
    """

    status: int
    order: Order | None = None
    problem: Problem | None = None


class Wallet(Struct, frozen=True):
    """Your prepaid balance; ``available`` = balance − held + credit line."""

    currency: str
    balance: int
    held: int
    credit_line: int
    available: int


class StatementEntry(Struct, frozen=True):
    """One numbered line of the statement; what came in is positive."""

    entry_no: int
    type: str
    amount: int
    balance_after: int
    currency: str
    created_at: datetime
    order: str | None = None


class WebhookEndpoint(Struct, frozen=True):
    """An endpoint; ``secret`` is set only in the answer to making or rotating it."""

    id: str
    url: str
    events: list[str]
    enabled: bool
    created_at: datetime
    description: str = ""
    disabled_reason: str | None = None
    secret: str | None = None

    def __repr__(self) -> str:
        """Never show the secret."""
        return f"WebhookEndpoint(id={self.id!r}, url={self.url!r}, enabled={self.enabled!r}, …)"


class Redelivery(Struct, frozen=True):
    """To how many endpoints an event is sent again."""

    endpoints: int


class ApiKey(Struct, frozen=True):
    """A key; ``key`` is set only in the answer to making it."""

    id: str
    label: str
    prefix: str
    scopes: list[str]
    livemode: bool
    created_at: datetime
    ip_networks: list[str] = []
    rate_limit_per_minute: int | None = None
    expires_at: datetime | None = None
    revoked_at: datetime | None = None
    last_used_at: datetime | None = None
    key: str | None = None

    def __repr__(self) -> str:
        """Never show the key itself."""
        return f"ApiKey(id={self.id!r}, label={self.label!r}, prefix={self.prefix!r}, …)"


class OfferUpsert(Struct, frozen=True, omit_defaults=True):
    """What you ask for an item, by your own number of it. What is left out stays as it is."""

    item: str
    sku: str
    supply_price_decimal: str | None = None
    currency: str = "CNY"
    tax_included: bool = True
    title: str = ""
    on_sale: bool = True
    stated_stock: int | None = None
    effective_from: datetime | None = None


class OfferResult(Struct, frozen=True):
    """What became of one offer: ``change`` is new, price, paused, resumed or same; or the problem."""

    item: str
    status: int
    offer: str | None = None
    change: str | None = None
    problem: Problem | None = None


class Offer(Struct, frozen=True):
    """An offer of yours."""

    id: str
    item: str
    sku: str
    title: str
    supply_price: int
    supply_price_decimal: str
    currency: str
    fulfilment: str
    status: str
    tax_included: bool = True
    stated_stock: int | None = None
    effective_from: datetime | None = None
    free_codes: int = 0
    updated_at: datetime | None = None


class Code(Struct, frozen=True, omit_defaults=True):
    """A code to put in stock."""

    secret: str
    number: str = ""
    expires_at: datetime | None = None

    def __repr__(self) -> str:
        """Never show a code."""
        return "Code(…)"


class RefusedCode(Struct, frozen=True):
    """A code that was not taken, by its place (from 0) in what was sent."""

    index: int
    reason: str


class CodesAnswer(Struct, frozen=True):
    """What became of the codes."""

    lot: str
    imported: int
    duplicate: int = 0
    invalid: int = 0
    expired: int = 0
    refused: list[RefusedCode] = []


class Lot(Struct, frozen=True):
    """One import of codes with what became of them."""

    id: str
    offer: str
    state: str
    free: int
    sold: int
    recalled: int
    created_at: datetime
    reserved: int = 0
    source: str = ""


class Recall(Struct, frozen=True):
    """How many unsold codes were taken off sale."""

    id: str
    recalled: int


class Fulfilment(Struct, frozen=True):
    """Something to supply by hand."""

    id: str
    order: str
    sku: str
    quantity: int
    state: str
    created_at: datetime
    target: dict[str, str] | None = None


class Receipt(Struct, frozen=True, omit_defaults=True):
    """One supplied unit: a code, a carrier's serial number, a link."""

    secret: str
    number: str = ""

    def __repr__(self) -> str:
        """Never show a code."""
        return "Receipt(…)"


class FulfilmentAnswer(Struct, frozen=True):
    """The state that the order is in now."""

    id: str
    order_state: str
