"""Listings: what a merchant's shop sells, by rules and by what was decided for single SKUs."""

from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from kamao.api.contract.catalogue import StockBand
from kamao.api.contract.common import SLUG, Moment, SkuCode, UnitPrice

ShopSlug = Annotated[
    str, Meta(pattern=SLUG, description="Address of one of your shops; left out: your first one")
]
Title = Annotated[
    str,
    Meta(max_length=120, pattern=r"^[^<>\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]*\Z"),
]
Position = Annotated[
    int, Meta(ge=0, le=99_999, description="Lower comes first; listings without one come last")
]
PerMille = Annotated[int, Meta(ge=-999, le=100_000)]
PriceAboveZero = Annotated[
    str,
    Meta(
        pattern=r"^([1-9][0-9]{0,9})(\.[0-9]{1,2})?\Z",
        description="Retail unit price in minor units, with up to 2 further decimals",
    ),
]
Hours = Annotated[str, Meta(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]-([01][0-9]|2[0-3]):[0-5][0-9]\Z")]


class ListingStep(Struct, frozen=True):
    """One step of a retail price's explanation."""

    text: str
    unit_price_decimal: str


class Listing(Struct, frozen=True):
    """A SKU in a shop. ``state`` says why it is or is not on sale; ``cost`` is your own wholesale price."""

    sku: str
    shop: str
    title: str
    state: str
    on_sale: bool
    price: int | None
    price_decimal: str | None
    cost_decimal: str | None
    currency: str
    stock: StockBand
    position: int | None
    explanation: list[ListingStep]


class ListingList(Struct, frozen=True):
    """A page of what the shop's rules list, the most popular first."""

    data: list[Listing]
    has_more: bool


class ListingRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """List one SKU. A rule is added where none lists it yet; the rest is decided for this SKU alone."""

    sku: SkuCode
    shop: ShopSlug | None = None
    markup_per_mille: PerMille = 0
    price_decimal: PriceAboveZero | None = None
    title: Title = ""
    hidden: bool = False
    position: Position | None = None


class ListingChange(Struct, frozen=True, forbid_unknown_fields=True):
    """What to change of a listing; what is left out stays, null takes a decision back."""

    shop: ShopSlug | None = None
    price_decimal: PriceAboveZero | UnsetType | None = UNSET
    title: Title | UnsetType = UNSET
    hidden: bool | UnsetType = UNSET
    position: Position | UnsetType | None = UNSET


class ChannelLimits(Struct, frozen=True, forbid_unknown_fields=True):
    """Lowest and highest retail unit price in one sales channel."""

    floor_decimal: UnitPrice | None = None
    ceiling_decimal: UnitPrice | None = None


class LimitsByChannel(Struct, frozen=True, forbid_unknown_fields=True):
    """Limits for the sales channels that need their own."""

    shop: ChannelLimits | None = None
    taobao: ChannelLimits | None = None
    tmall: ChannelLimits | None = None
    pdd: ChannelLimits | None = None
    jd: ChannelLimits | None = None
    douyin: ChannelLimits | None = None
    xianyu: ChannelLimits | None = None
    wechat_shop: ChannelLimits | None = None
    counter: ChannelLimits | None = None
    other: ChannelLimits | None = None


class RuleRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """One rule of a one-click listing. ``of`` names the category, scene, brand or SKU by its slug or code."""

    scope: Literal["everything", "category", "scene", "brand", "sku"] = "everything"
    of: Annotated[str, Meta(pattern=SLUG)] | None = None
    lists: bool = True
    markup_per_mille: PerMille = 0
    markup_decimal: UnitPrice | None = None
    rounding: Literal["none", "tenth", "integer", "end_9", "end_99", "end_88", "five"] = "none"
    floor_decimal: UnitPrice | None = None
    ceiling_decimal: UnitPrice | None = None
    official_ceiling_per_mille: Annotated[int, Meta(ge=1, le=10_000)] | None = None
    channel_limits: LimitsByChannel | None = None
    closed_hours: Annotated[list[Hours], Meta(max_length=8)] = []
    follows_new: bool = True
    valid_from: Moment | None = None
    valid_until: Moment | None = None


class BulkRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """One-click listing: rules that list everything they match, now and later, whatever the number of
    SKUs.
    """

    rules: Annotated[list[RuleRequest], Meta(min_length=1, max_length=50)]
    shop: ShopSlug | None = None


class BulkAnswer(Struct, frozen=True):
    """The number of the change, for undoing it, and the ids of its rules."""

    change: int
    rules: list[str]
