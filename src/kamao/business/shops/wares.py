"""One SKU as a buyer meets it in a shop: listing, terms, names, look. Read for a few SKUs at once.

Owns joining ``resolving`` (price and state) with the library's texts. Refuses to decide a price.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from kamao.business.catalog.models import Sku, in_language
from kamao.business.shops.models import Shop
from kamao.business.shops.pages import shop_listings
from kamao.business.shops.resolving import CLOSED_HOURS, Listing


class Ware(msgspec.Struct, frozen=True):
    """A SKU in a shop. Unit prices are 1/10 000 of the major unit; ``band`` is none, low, plenty or
    unlimited.

    ``sellable`` says that nothing but stock stands in the way. ``cost_e4`` is the shop's own and never shown
    to a buyer.
    """

    sku: Sku
    title_zh: str
    title_en: str
    brand_zh: str
    brand_en: str
    colour: str
    unit_price_e4: int
    cost_e4: int
    band: str
    sellable: bool
    closed_now: bool
    chain_prices_e4: tuple[int, ...] = ()
    """Unit prices from the root merchant's wholesale down to this shop's retail (see ``Listing``)."""

    @property
    def in_stock(self) -> bool:
        """True if it can be bought now."""
        return self.sellable and not self.closed_now and self.band != "none"

    @property
    def name(self) -> str:
        """Product and variant in the reader's language."""
        return in_language(self.title_zh, self.title_en)

    @property
    def detail(self) -> str:
        """The variant in the reader's language."""
        return in_language(self.sku.variant_zh, self.sku.variant_en)

    @property
    def product(self) -> str:
        """The product's name without its variant, in the reader's language."""
        return in_language(self.sku.product.name_zh, self.sku.product.name_en)

    @property
    def brand(self) -> str:
        """The brand (or the product's name where it has none) in the reader's language."""
        return in_language(self.brand_zh, self.brand_en)


def ware_of(listing: Listing, sku: Sku) -> Ware | None:
    """Return a listing joined with its SKU; None where the shop does not show it at all."""
    shown = listing.state in {"on_sale", "out_of_stock", CLOSED_HOURS}
    if listing.retail is None or listing.cost_e4 is None or not shown:
        return None
    goods, brand = listing.goods, sku.product.brand
    return Ware(
        sku=sku,
        title_zh=listing.title or goods.name("zh"),
        title_en=listing.title or goods.name("en"),
        brand_zh=goods.brand_zh or goods.name_zh,
        brand_en=goods.brand_en or goods.brand_zh or goods.name_en or goods.name_zh,
        colour=brand.colour if brand is not None else sku.category.colour,
        unit_price_e4=listing.retail.unit_price_e4,
        cost_e4=listing.cost_e4,
        band="none" if listing.state == "out_of_stock" else listing.stock,
        sellable=not listing.retail.loses,
        closed_now=listing.state == CLOSED_HOURS,
        chain_prices_e4=listing.chain_prices_e4,
    )


def read_wares(shop: Shop, codes: Sequence[str], *, at: datetime) -> dict[str, Ware]:
    """Return wares by SKU code; what the shop does not list is left out."""
    wanted = list(dict.fromkeys(codes))
    rows = Sku.objects.filter(code__in=wanted).select_related("product__brand", "category", "topup_form")
    skus = {sku.id: sku for sku in rows}
    if not skus:
        return {}
    wares = {}
    for listing in shop_listings(shop, list(skus), at=at):
        sku = skus[listing.goods.id]
        ware = ware_of(listing, sku)
        if ware is not None:
            wares[sku.code] = ware
    return wares


def product_wares(shop: Shop, product_id: UUID, *, at: datetime) -> list[Ware]:
    """Return every ware of a product that the shop lists, by face value, then duration, then price."""
    codes = list(Sku.objects.filter(product_id=product_id, status="active").values_list("code", flat=True))
    wares = list(read_wares(shop, codes, at=at).values())
    return sorted(
        wares,
        key=lambda ware: (
            ware.sku.face_value_e4 or 0,
            ware.sku.duration_days or 0,
            ware.unit_price_e4,
            ware.sku.code,
        ),
    )
