"""The catalogue: SKUs with the caller's price, categories, scenes, quotes."""

from datetime import datetime
from typing import Annotated, Literal

from msgspec import Meta, Struct

from kamao.api.contract.common import SkuCode, UnitPrice
from kamao.api.contract.orders import Quantity, SalesChannel, Target

SkuKind = Literal["code", "topup", "voucher", "licence", "course", "collectible", "parcel", "manual"]
StockBand = Annotated[
    Literal["none", "low", "plenty", "unlimited"],
    Meta(description="none, low (under 50), plenty, unlimited (supplied by hand or by a system)"),
]


class FormChoice(Struct, frozen=True):
    """One value that a field of a top-up form may have."""

    value: str
    label: str
    within: list[str]


class FormField(Struct, frozen=True):
    """One field of a top-up form: its key is the name to use in ``target``."""

    key: str
    label: str
    hint: str
    required: bool
    validator: str
    choices: list[FormChoice]
    parent: str | None


class TopupForm(Struct, frozen=True):
    """What a top-up needs to know of its account."""

    name: str
    fields: list[FormField]


class Sku(Struct, frozen=True):
    """A SKU with the caller's wholesale price; price fields are null where the caller has no price for it."""

    sku: str
    name: str
    product: str
    brand: str | None
    category: str
    scenes: list[str]
    kind: SkuKind
    price: int | None
    price_decimal: str | None
    official_price: int | None
    currency: str
    stock: StockBand
    promise_s: int
    warranty: str | None
    topup_form: TopupForm | None
    min_quantity: int
    max_quantity: int
    multiple: int
    updated_at: datetime


class SkuList(Struct, frozen=True):
    """A page of SKUs."""

    data: list[Sku]
    has_more: bool


class Category(Struct, frozen=True):
    """A node of the category tree."""

    category: str
    name: str
    parent: str | None


class CategoryList(Struct, frozen=True):
    """The whole tree, parents before their children."""

    data: list[Category]
    has_more: bool


class Scene(Struct, frozen=True):
    """A themed collection of SKUs."""

    scene: str
    name: str


class SceneList(Struct, frozen=True):
    """Every scene."""

    data: list[Scene]
    has_more: bool


class QuoteRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """What would be bought."""

    sku: SkuCode
    quantity: Quantity
    target: Target | None = None
    sales_channel: SalesChannel | None = None
    retail_unit_price_decimal: UnitPrice | None = None


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
    """Whether a target fits the SKU's top-up form, and how it would be sent."""

    accepted: bool
    target: dict[str, str] | None
    problems: list[TargetProblem]


class Quote(Struct, frozen=True):
    """What an order would cost now, and whether it would be accepted; nothing is reserved or written."""

    sku: str
    quantity: int
    unit_price: int | None
    unit_price_decimal: str | None
    amount: int | None
    currency: str
    stock: StockBand
    acceptable: bool
    refusal: str | None
    explanation: list[PriceStep]
    target_check: TargetCheck | None
    wallet_available: int | None
    retail_floor_decimal: str | None
    retail_ceiling_decimal: str | None
