"""Wholesale prices and stock for reading: what an order would cost and whether it would be accepted, without
placing it.

Owns a price book per thread. Uses the engine's own pricing, never a second rule. Refuses to decide: between a
quote and an order anything may change, and the order's answer is the one that counts.
"""

import threading
from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec

from kamao.api.contract.catalogue import StockBand
from kamao.api.services import CellServices
from kamao.engine.ledger.accounts import wallet
from kamao.engine.ledger.queries import balance
from kamao.engine.pool import Connection
from kamao.engine.pricing.book import PriceBook, read_epoch
from kamao.engine.pricing.types import Offer, Price, Sku
from kamao.engine.stock.queries import PLENTY_FROM, free_counts
from kamao.engine.trade.operations import merchant_terms
from kamao.kernel.limits import ORDER_QUANTITY_MAX

_local = threading.local()
_NOBODY: Final = UUID(int=0)
"""Stands for a caller that buys nothing: prices are never computed for it."""


class Priced(msgspec.Struct, frozen=True):
    """A SKU as the engine knows it, with the caller's price and how much of it there is."""

    sku: Sku
    price: Price | None
    stock: StockBand
    free: int
    """Free codes, counted up to the larger of 50 and the quantity asked for."""
    has_offer: bool
    is_self_operated: bool


def price_skus(
    services: CellServices, codes: Sequence[str], *, merchant: UUID | None, quantity: int | None, at: datetime
) -> dict[str, Priced]:
    """Return what the engine knows of these SKUs; unknown codes are absent. Without a merchant there is no
    price.
    """
    book = _book_of(services)
    with services.pool.transaction() as connection:
        terms = None if merchant is None else merchant_terms(connection, merchant)
        buyer = _NOBODY if merchant is None or terms is None else merchant
        book.open(connection, epoch=read_epoch(connection), pairs=[(buyer, code) for code in codes], at=at)
        wanted = {code: book.offers(code, at) for code in codes}
        stocked = [offer.id for offers in wanted.values() for offer in offers if offer.fulfilment == "stock"]
        counts = (
            free_counts(connection, stocked, at=at, at_most=max(PLENTY_FROM, quantity or 1))
            if stocked
            else {}
        )
    found = {}
    for code, offers in wanted.items():
        sku = book.sku(code)
        if sku is None:
            continue
        asked = quantity or sku.min_quantity
        shown = _shown(offers, counts, asked)
        price = None
        if shown is not None and merchant is not None and terms is not None:
            price = book.price(code, offer=shown, merchant=merchant, level=terms.level, quantity=asked, at=at)
        band, free = _band(offers, counts)
        is_self_operated = shown is not None and shown.sale_model == "self_operated"
        found[code] = Priced(sku, price, band, free, shown is not None, is_self_operated)
    return found


def refusal_of_quote(
    priced: Priced, *, quantity: int, has_target: bool, amount_minor: int | None, available_minor: int | None
) -> str | None:
    """Return the code with which an order of this quantity would be refused now, None where it would be
    accepted.
    """
    sku = priced.sku
    if sku.status == "withdrawn":
        return "sku_not_found"
    allowed = sku.min_quantity <= quantity <= min(sku.max_quantity, ORDER_QUANTITY_MAX)
    if not allowed or quantity % sku.multiple or (sku.target_required and not has_target):
        return "invalid"
    if sku.status != "active" or priced.price is None or not priced.is_self_operated:
        return "not_sellable"
    if amount_minor is not None and available_minor is not None and amount_minor > available_minor:
        return "insufficient_balance"
    if priced.stock != "unlimited" and priced.free < quantity:
        return "out_of_stock"
    return None


def channel_limits(
    services: CellServices, code: str, *, sales_channel: str | None, at: datetime
) -> tuple[int | None, int | None]:
    """Return 控价 of a SKU just priced in this thread: lowest and highest retail unit price."""
    return _book_of(services).limits(code, sales_channel, at)


def wallet_available(connection: Connection, merchant: UUID, currency: str) -> int:
    """Return what a merchant may spend."""
    return balance(connection, wallet(merchant, currency)).available_minor


def _book_of(services: CellServices) -> PriceBook:
    books: dict[int, PriceBook] = _local.__dict__.setdefault("books", {})
    return books.setdefault(id(services), PriceBook())


def _shown(offers: Sequence[Offer], counts: dict[UUID, int], quantity: int) -> Offer | None:
    """Choose as an order would: the first offer that has the goods, else the first."""
    for offer in offers:
        if offer.fulfilment != "stock" or counts.get(offer.id, 0) >= quantity:
            return offer
    return offers[0] if offers else None


def _band(offers: Sequence[Offer], counts: dict[UUID, int]) -> tuple[StockBand, int]:
    """Return the stock band over all offers, and how many codes one offer can give at most."""
    if any(offer.fulfilment != "stock" for offer in offers):
        return "unlimited", 0
    total = sum(counts.get(offer.id, 0) for offer in offers)
    most = max((counts.get(offer.id, 0) for offer in offers), default=0)
    if total == 0:
        return "none", 0
    return ("plenty" if total >= PLENTY_FROM else "low"), most
