"""What SKUs cost a merchant right now and whether they can be had: the engine's answer, read for a few SKUs
at once.

The price is the one an order of the minimum quantity would pay, from the offer that would be chosen (cheapest
with stock). Refuses to guess: an SKU without a price has a reason instead.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec

from kamao.business.shops.terms import NO_LIMITS, Limits
from kamao.engine.pool import Connection
from kamao.engine.pricing.book import PriceBook, read_epoch
from kamao.engine.pricing.types import Offer
from kamao.engine.stock.queries import PLENTY_FROM, free_counts
from kamao.engine.trade.operations import merchant_terms

NO_OFFER: Final = "no_offer"
OUT_OF_STOCK: Final = "out_of_stock"
NOT_PRICED: Final = "not_priced"
WITHDRAWN: Final = "withdrawn"
SELLABLE: Final = ""


class Wholesale(msgspec.Struct, frozen=True, kw_only=True):
    """A SKU's wholesale unit price for a merchant. ``reason`` is empty if it can be bought.

    ``stock`` is the API's band: none, low, plenty, unlimited. ``suppliers`` are those with an active offer.
    """

    unit_price_e4: int = 0
    reason: str = SELLABLE
    stock: str = "none"
    control: Limits = NO_LIMITS
    suppliers: frozenset[UUID] = frozenset()


def _band(free: int) -> str:
    if free <= 0:
        return "none"
    return "plenty" if free >= PLENTY_FROM else "low"


def read_wholesale(
    connection: Connection, codes: Sequence[str], *, merchant: UUID, at: datetime, sales_channel: str = "shop"
) -> dict[str, Wholesale]:
    """Return the wholesale price and stock band of each SKU code for a merchant.

    ``connection`` is in the cell asked about, inside a transaction. Unknown codes come back as ``withdrawn``.
    """
    if not codes:
        return {}
    terms = merchant_terms(connection, merchant)
    book = PriceBook()
    book.open(connection, epoch=read_epoch(connection), pairs={(merchant, code) for code in codes}, at=at)
    offers = {code: book.offers(code, at) for code in codes}
    stocked = [offer.id for row in offers.values() for offer in row if offer.fulfilment == "stock"]
    free = free_counts(connection, stocked, at=at) if stocked else {}
    level = terms.level if terms is not None else 0
    return {
        code: _one(
            book, code, offers[code], free, merchant=merchant, level=level, at=at, channel=sales_channel
        )
        for code in offers
    }


def _one(
    book: PriceBook, code: str, offers: Sequence[Offer], free: dict[UUID, int],
    *, merchant: UUID, level: int, at: datetime, channel: str,
) -> Wholesale:  # fmt: skip
    sku = book.sku(code)
    suppliers = frozenset(offer.supplier for offer in offers)
    if sku is None or sku.status != "active":
        return Wholesale(reason=WITHDRAWN, suppliers=suppliers)
    if not offers:
        return Wholesale(reason=NO_OFFER)
    quantity = sku.min_quantity
    chosen = next((o for o in offers if o.fulfilment != "stock" or free.get(o.id, 0) >= quantity), None)
    shown = chosen or offers[0]
    if shown.sale_model != "self_operated":
        return Wholesale(reason=NO_OFFER, suppliers=suppliers)
    price = book.price(code, offer=shown, merchant=merchant, level=level, quantity=quantity, at=at)
    if price is None:
        return Wholesale(reason=NOT_PRICED, suppliers=suppliers)
    stock = (
        "none"
        if chosen is None
        else _band(free.get(chosen.id, 0))
        if chosen.fulfilment == "stock"
        else "unlimited"
    )
    return Wholesale(
        unit_price_e4=price.unit_price_e4,
        reason=OUT_OF_STOCK if chosen is None else SELLABLE,
        stock=stock,
        control=Limits(*book.limits(code, channel, at)),
        suppliers=suppliers,
    )
