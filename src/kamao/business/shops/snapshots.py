"""What a buyer was promised, kept with the purchase: names, prices, terms, as they read when the order was
placed.

Refuses targets in the clear (masked here, sealed in the engine) and codes.
"""

from collections.abc import Sequence
from uuid import UUID

import msgspec

from kamao.business.catalog.models import in_language
from kamao.business.shops.basket import BasketLine, BasketOrder


class Line(msgspec.Struct, frozen=True, omit_defaults=True):
    """One order as it was promised. Amounts are minor units of the purchase's currency."""

    order: UUID
    sku: str
    name_zh: str
    name_en: str
    detail_zh: str
    detail_en: str
    brand_zh: str
    brand_en: str
    colour: str
    kind: str
    quantity: int
    unit_price_e4: int
    amount_minor: int
    promise_s: int = 0
    warranty_days: int = 0
    notice_zh: str = ""
    notice_en: str = ""
    howto_zh: str = ""
    howto_en: str = ""
    redeem_url: str = ""
    target_masked: str = ""
    bundle_zh: str = ""
    bundle_en: str = ""

    @property
    def name(self) -> str:
        """The title in the reader's language."""
        return in_language(self.name_zh, self.name_en)

    @property
    def detail(self) -> str:
        """The variant in the reader's language."""
        return in_language(self.detail_zh, self.detail_en)

    @property
    def brand(self) -> str:
        """The brand in the reader's language."""
        return in_language(self.brand_zh, self.brand_en)

    @property
    def howto(self) -> str:
        """How to use it, in the reader's language."""
        return in_language(self.howto_zh, self.howto_en)


def mask_target(value: str) -> str:
    """Return a target with its middle hidden: 138****8000."""
    if len(value) <= 4:
        return "*" * len(value)
    kept = 4 if len(value) >= 11 else len(value) // 3
    return f"{value[: min(3, kept)]}****{value[-kept:]}"


def snapshot(lines: Sequence[BasketLine], orders: Sequence[UUID]) -> list[Line]:
    """Return one entry per order, in the engine's order."""
    pairs = [(line, order) for line in lines for order in line.orders]
    return [_entry(line, order, made) for (line, order), made in zip(pairs, orders, strict=True)]


def _entry(line: BasketLine, order: BasketOrder, made: UUID) -> Line:
    ware, sku = order.ware, order.ware.sku
    bundled = bool(line.bundle)
    return Line(
        order=made,
        sku=sku.code,
        name_zh=ware.title_zh,
        name_en=ware.title_en,
        detail_zh=sku.variant_zh,
        detail_en=sku.variant_en or sku.variant_zh,
        brand_zh=ware.brand_zh,
        brand_en=ware.brand_en,
        colour=ware.colour,
        kind=sku.kind,
        quantity=order.quantity,
        unit_price_e4=ware.unit_price_e4,
        amount_minor=order.amount_minor,
        promise_s=sku.promise_s,
        warranty_days=sku.warranty_days,
        notice_zh=sku.notice_zh,
        notice_en=sku.notice_en,
        howto_zh=sku.howto_zh,
        howto_en=sku.howto_en,
        redeem_url=sku.redeem_url,
        target_masked=" · ".join(mask_target(value) for value in order.target.values()),
        bundle_zh=line.title_zh if bundled else "",
        bundle_en=line.title_en if bundled else "",
    )


def read_lines(rows: object) -> list[Line]:
    """Return the entries stored with a purchase."""
    return msgspec.convert(rows, list[Line])
