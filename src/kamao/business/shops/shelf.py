"""Cards of a shop's pages: one per product, with the price it starts at. Shared by the pages and the public
JSON.

A product stands where its most popular SKU on sale stands, so scrolling on does not show it again.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec

from kamao.business.catalog.filters import NO_FILTER, SkuFilter
from kamao.business.catalog.models import Product, in_language
from kamao.business.shops.goods import read_product_goods
from kamao.business.shops.models import Shop
from kamao.business.shops.pages import shop_listings, shop_page
from kamao.business.shops.resolving import Listing

CARDS_WANTED: Final = 18
"""A page goes on reading until it has this many cards."""
_PAGES_MAX: Final = 4


class Card(msgspec.Struct, frozen=True):
    """A product on the shelf, by its leading SKU. Prices are unit prices in 1/10 000 of the major unit."""

    product_slug: str
    sku: str
    name_zh: str
    name_en: str
    product_zh: str
    product_en: str
    detail_zh: str
    detail_en: str
    brand_zh: str
    brand_en: str
    colour: str
    currency: str
    price_e4: int
    official_price_e4: int | None
    choices: int
    promise_s: int
    stock: str

    @property
    def name(self) -> str:
        """The product's name in the reader's language."""
        return in_language(self.name_zh, self.name_en)

    @property
    def product(self) -> str:
        """The product's name without any variant."""
        return in_language(self.product_zh, self.product_en)

    @property
    def detail(self) -> str:
        """What the card says besides the brand."""
        return in_language(self.detail_zh, self.detail_en)

    @property
    def brand(self) -> str:
        """The brand, or the product where it has none."""
        return in_language(self.brand_zh, self.brand_en)


class Shelf(msgspec.Struct, frozen=True):
    """One page of cards; ``next_cursor`` is empty on the last."""

    cards: tuple[Card, ...]
    next_cursor: str = ""


def read_shelf(
    shop: Shop,
    *,
    at: datetime,
    filters: SkuFilter = NO_FILTER,
    query: str = "",
    order: str = "popular",
    cursor: str = "",
    limit: int = 60,
) -> Shelf:
    """Return a page of cards. A search shows each SKU's product at its best hit."""
    cards: list[Card] = []
    seen: set[UUID] = set()
    for _ in range(_PAGES_MAX):
        page = shop_page(shop, at=at, filters=filters, query=query, order=order, cursor=cursor, limit=limit)
        searched = bool(query.strip())
        # A hit speaks for itself: its product's other SKUs are hits of their own or not asked for.
        family = (
            {listing.goods.product_id: [listing] for listing in page.listings}
            if searched
            else _families(shop, page.listings, at=at)
        )
        colours = _colours(page.listings)
        for listing in page.listings:
            product = listing.goods.product_id
            leads = searched or listing.position is not None or order != "popular"
            if product in seen or not (leads or family[product][0].goods.id == listing.goods.id):
                continue
            seen.add(product)
            cards.append(_card(listing, family[product], colours=colours, own_name=searched))
        cursor = page.next_cursor
        if searched or not cursor or len(cards) >= CARDS_WANTED:
            break
    return Shelf(tuple(cards), cursor)


def _families(shop: Shop, listings: Sequence[Listing], *, at: datetime) -> dict[UUID, list[Listing]]:
    """Every SKU on sale of the products of a page, the most popular first."""
    products = list(dict.fromkeys(listing.goods.product_id for listing in listings))
    if not products:
        return {}
    known = {listing.goods.id: listing for listing in listings}
    missing = [row.id for row in read_product_goods(products) if row.id not in known]
    known |= {one.goods.id: one for one in shop_listings(shop, missing, at=at)} if missing else {}
    family: dict[UUID, list[Listing]] = {}
    for listing in sorted(known.values(), key=lambda one: (one.goods.weight, one.goods.id), reverse=True):
        if listing.on_sale:
            family.setdefault(listing.goods.product_id, []).append(listing)
    return family


def _colours(listings: Sequence[Listing]) -> dict[UUID, str]:
    products = {listing.goods.product_id for listing in listings}
    rows = Product.objects.filter(id__in=products).values_list("id", "brand__colour", "category__colour")
    return {row[0]: row[1] or row[2] for row in rows}


def _card(listing: Listing, family: Sequence[Listing], *, colours: dict[UUID, str], own_name: bool) -> Card:
    goods = listing.goods
    # A ranged SKU's price is a rate of one unit of face value: beside fixed prices it would look like a
    # bargain.
    fixed = [one for one in family if not one.goods.ranged] or family
    cheapest = listing if own_name else min(fixed, key=lambda one: one.unit_price_e4)
    several = len(family) > 1
    return Card(
        product_slug=goods.product_slug,
        sku=goods.code,
        name_zh=listing.title or (goods.name("zh") if own_name or not several else goods.name_zh),
        name_en=listing.title
        or (goods.name("en") if own_name or not several else goods.name_en or goods.name_zh),
        product_zh=goods.name_zh,
        product_en=goods.name_en or goods.name_zh,
        detail_zh=goods.variant_zh if own_name or not several else _range(family, "zh"),
        detail_en=(goods.variant_en or goods.variant_zh) if own_name or not several else _range(family, "en"),
        brand_zh=goods.brand_zh or goods.name_zh,
        brand_en=goods.brand_en or goods.brand_zh or goods.name_en or goods.name_zh,
        colour=colours.get(goods.product_id, ""),
        currency=goods.currency,
        price_e4=cheapest.unit_price_e4,
        official_price_e4=_dearer(cheapest),
        choices=1 if own_name else len(family),
        promise_s=goods.promise_s,
        stock=listing.stock,
    )


def _dearer(listing: Listing) -> int | None:
    """The official price, where it is above ours: a struck price that is lower would be a lie."""
    official = listing.goods.official_price_e4
    return official if official is not None and official > listing.unit_price_e4 else None


def _range(family: Sequence[Listing], language: str) -> str:
    """First and last variant of a product, as a hint of what there is to choose."""
    fixed = [one for one in family if not one.goods.ranged] or family
    ranked = sorted(
        fixed, key=lambda one: (one.goods.face_value_e4 or 0, one.goods.duration_days or 0, one.unit_price_e4)
    )
    ends = [ranked[0].goods, ranked[-1].goods]
    words = [end.variant_zh if language == "zh" else end.variant_en or end.variant_zh for end in ends]
    return " – ".join(dict.fromkeys(word for word in words if word))
