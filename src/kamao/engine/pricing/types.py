"""What pricing reads and answers. Unit prices are in 1/10 000 of the major unit (``unit_price_e4``)."""

from datetime import datetime
from typing import Literal
from uuid import UUID

import msgspec

SkuKind = Literal["code", "topup", "voucher", "licence", "course", "collectible", "parcel", "manual"]
Fulfilment = Literal["stock", "manual", "upstream"]
SaleModel = Literal["self_operated", "agency"]
AudienceKind = Literal["private", "level", "template", "default"]
TargetKind = Literal["sku", "category", "any"]


class SkuUpsert(msgspec.Struct, frozen=True, kw_only=True):
    """A sellable variant as the engine must know it.

    ``categories`` is the path of category ids from the root to the leaf. ``face_*`` are set for ranged goods
    (任意充): then an order names a face value and prices are rates of face value. ``promise_id`` names the
    version of what was promised, which orders keep. ``status`` is ``active``, ``hidden`` or ``withdrawn``.
    """

    id: UUID
    code: str
    kind: SkuKind
    currency: str = "CNY"
    categories: tuple[UUID, ...] = ()
    min_quantity: int = 1
    max_quantity: int = 1000
    multiple: int = 1
    official_price_e4: int | None = None
    target_required: bool = False
    promise_s: int = 0
    promise_id: UUID | None = None
    status: Literal["active", "hidden", "withdrawn"] = "active"


class OfferUpsert(msgspec.Struct, frozen=True, kw_only=True):
    """A supplier's promise to supply a SKU at a price from a moment on.

    Re-sending an offer changes its terms; a new ``supply_price_e4`` takes effect at ``effective_from`` (None:
    at once). ``fulfilment`` says where items come from: ``stock`` (sealed codes here), ``manual``,
    ``upstream``.
    """

    id: UUID
    supplier: UUID
    sku: UUID
    supply_price_e4: int
    fulfilment: Fulfilment = "stock"
    sale_model: SaleModel = "self_operated"
    currency: str = "CNY"
    tax_included: bool = True
    tax_e4: int = 0
    status: Literal["active", "paused", "withdrawn"] = "active"
    effective_from: datetime | None = None


class PriceRule(msgspec.Struct, frozen=True, kw_only=True):
    """A wholesale price for an audience and a target, from a quantity and a moment on.

    ``audience`` is a merchant's id for ``private`` (密价), a level's number as text for ``level``, empty
    otherwise. ``target`` is a SKU or category id, empty for ``any``. Either ``fixed_e4`` is set, or the price
    is cost × (1000 + ``markup_per_mille``) / 1000 + ``markup_e4``. Neither: the row ends the rule before it.
    """

    audience_kind: AudienceKind
    target_kind: TargetKind
    effective_from: datetime
    audience: str = ""
    target: UUID | None = None
    min_quantity: int = 1
    fixed_e4: int | None = None
    markup_per_mille: int | None = None
    markup_e4: int = 0


class ChannelLimit(msgspec.Struct, frozen=True, kw_only=True):
    """控价: the lowest and highest retail unit price of a target in a sales channel (empty: every channel)."""

    target_kind: TargetKind
    effective_from: datetime
    target: UUID | None = None
    sales_channel: str = ""
    floor_e4: int | None = None
    ceiling_e4: int | None = None


class Sku(msgspec.Struct, frozen=True):
    """A SKU as loaded for deciding."""

    id: UUID
    code: str
    kind: str
    currency: str
    categories: tuple[UUID, ...]
    min_quantity: int
    max_quantity: int
    multiple: int
    official_price_e4: int | None
    target_required: bool
    promise_s: int
    promise_id: UUID | None
    status: str


class Offer(msgspec.Struct, frozen=True):
    """An offer with the supply price in force. ``cost_e4`` is the supply price plus tax that is not
    included.
    """

    id: UUID
    supplier: UUID
    sku: UUID
    fulfilment: str
    sale_model: str
    currency: str
    supply_price_e4: int
    cost_e4: int
    settlement_delay_s: int


class Step(msgspec.Struct, frozen=True):
    """One line of a price's explanation, in both languages; ``internal`` lines are for the operator only."""

    code: str
    zh: str
    en: str
    unit_price_e4: int
    internal: bool = False


class Price(msgspec.Struct, frozen=True):
    """A wholesale unit price with the rule that gave it and the steps that lead to it."""

    unit_price_e4: int
    rule: str
    steps: tuple[Step, ...] = ()
