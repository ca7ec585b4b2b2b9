"""Supply: a supplier's offers, codes, fulfilments by hand and settlements."""

from datetime import datetime
from typing import Annotated, Literal

from msgspec import Meta, Struct

from kamao.api.contract.common import VISIBLE, Currency, Moment, Problem, SkuCode, UnitPrice
from kamao.kernel.limits import CODE_TEXT_MAX, CODES_JSON_MAX, OFFERS_UPSERT_MAX

Item = Annotated[
    str,
    Meta(
        max_length=120,
        pattern=r"^[^\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff~][^\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]*\Z",
        description="Your own number of the item; the offer's identity",
    ),
]
CodeText = Annotated[str, Meta(max_length=CODE_TEXT_MAX)]


class OfferUpsert(Struct, frozen=True, forbid_unknown_fields=True):
    """What you ask for an item. A price that is left out stays as it is; a new offer needs one."""

    item: Item
    sku: SkuCode
    supply_price_decimal: UnitPrice | None = None
    currency: Currency = "CNY"
    tax_included: bool = True
    title: Annotated[str, Meta(max_length=200, pattern=VISIBLE)] = ""
    on_sale: bool = True
    stated_stock: Annotated[int, Meta(ge=0, le=10**12)] | None = None
    effective_from: Moment | None = None


class OffersRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """Up to 5000 offers, created or changed by ``item``; each is answered by itself."""

    offers: Annotated[list[OfferUpsert], Meta(min_length=1, max_length=OFFERS_UPSERT_MAX)]


class OfferResult(Struct, frozen=True, omit_defaults=True):
    """What became of one offer: ``new price paused resumed same``, or the problem."""

    item: str
    status: int
    offer: str | None = None
    change: str | None = None
    problem: Problem | None = None


class OffersAnswer(Struct, frozen=True):
    """One answer per offer, in the order of the request."""

    results: list[OfferResult]


class Offer(Struct, frozen=True):
    """An offer as its supplier sees it."""

    id: str
    item: str
    sku: str
    title: str
    supply_price: int
    supply_price_decimal: str
    currency: str
    tax_included: bool
    fulfilment: str
    status: str
    stated_stock: int | None
    effective_from: datetime | None
    free_codes: int
    updated_at: datetime


class OfferList(Struct, frozen=True):
    """A page of offers, newest first. ``free_codes`` is counted up to 10 000."""

    data: list[Offer]
    has_more: bool


class Code(Struct, frozen=True, forbid_unknown_fields=True):
    """One code. ``secret`` is sealed on arrival and never shown to anybody but its buyer."""

    secret: Annotated[str, Meta(min_length=1, max_length=CODE_TEXT_MAX)]
    number: CodeText = ""
    expires_at: Moment | None = None

    def __repr__(self) -> str:
        """Never show a code, not even in a traceback."""
        return "Code(…)"


class CodesRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """Up to 10 000 codes; more go as NDJSON, one such object per line."""

    codes: Annotated[list[Code], Meta(min_length=1, description=f"At most {CODES_JSON_MAX}, else 413")]


class RefusedCode(Struct, frozen=True):
    """A code that was not taken, by its place (from 0) in what was sent."""

    index: int
    reason: Literal["duplicate", "invalid", "expired", "malformed"]


class CodesAnswer(Struct, frozen=True):
    """What became of the codes; ``refused`` names the first 1000."""

    lot: str
    imported: int
    duplicate: int
    invalid: int
    expired: int
    refused: list[RefusedCode]


class Lot(Struct, frozen=True):
    """One import of codes with what became of them. ``sold`` includes codes reserved for an unpaid
    purchase.
    """

    id: str
    offer: str
    source: str
    state: str
    imported: int
    free: int
    sold: int
    recalled: int
    created_at: datetime


class LotList(Struct, frozen=True):
    """A page of lots, newest first."""

    data: list[Lot]
    has_more: bool


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
    target: dict[str, str] | None
    created_at: datetime


class FulfilmentList(Struct, frozen=True):
    """What waits, oldest first."""

    data: list[Fulfilment]
    has_more: bool


class Receipt(Struct, frozen=True, forbid_unknown_fields=True):
    """One supplied unit: a code, a carrier's serial number, a link."""

    secret: Annotated[str, Meta(min_length=1, max_length=CODE_TEXT_MAX)]
    number: CodeText = ""

    def __repr__(self) -> str:
        """Never show a code, not even in a traceback."""
        return "Receipt(…)"


class SucceedRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """One receipt per supplied unit; fewer than ordered refunds the rest."""

    receipts: Annotated[list[Receipt], Meta(min_length=1, max_length=1000)]
    upstream_no: Annotated[str, Meta(min_length=1, max_length=100, pattern=VISIBLE)] | None = None


class FailRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """Why it cannot be supplied. The next offer is tried, or the money goes back."""

    reason: Annotated[str, Meta(min_length=1, max_length=200, pattern=VISIBLE)]


class FulfilmentAnswer(Struct, frozen=True):
    """The state that the order is in now."""

    id: str
    order_state: str
