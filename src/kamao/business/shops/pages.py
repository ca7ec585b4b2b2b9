"""What a shop shows: pages of listings by category, search, product; resolved for the page only.

Cost of a page: the candidates come from an index in the order asked (popularity), already narrowed to what
the rules admit and what has an offer with stock; only those are resolved, and only until the page is full. So
a page costs the same over 600 and over 27 000 SKUs. Two things are bounded instead of constant: a search
looks at its best ``search.RESULTS_MAX`` hits, and an order by price sorts the ``PRICED_MAX`` most popular
SKUs of the selection exactly (a retail price is resolved, not stored, so no index can have it).
"""

import base64
import binascii
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec
from django.db import connection, transaction

from kamao.business.catalog.filters import NO_FILTER, SkuFilter
from kamao.business.catalog.search import RESULTS_MAX, find_skus
from kamao.business.engine_bridge import cell_connection
from kamao.business.shops.models import ListingOverride, Shop
from kamao.business.shops.resolving import Listing, resolve
from kamao.business.shops.rulebook import Rulebook, read_rulebook, scope_sql
from kamao.engine import cells

PAGE_MAX: Final = 60
PRICED_MAX: Final = 600
_BATCHES_MAX: Final = 40
_PINNED_MAX: Final = 500

ORDERS: Final = ("popular", "price_asc", "price_desc")

_AVAILABLE: Final = """
EXISTS (SELECT 1 FROM pricing_offer a
    WHERE a.sku = s.id AND a.status = 'active' AND a.sale_model = 'self_operated'
    AND (a.fulfilment <> 'stock' OR EXISTS (
        SELECT 1 FROM stock_code k WHERE k.offer = a.id AND k.state = 'free' AND k.expires_at > %s)))
"""


_NEXT: Final = (
    "SELECT s.id, s.weight FROM catalog_sku s WHERE {where} ORDER BY s.weight DESC, s.id DESC LIMIT %s"
)
_AMONG: Final = "SELECT s.id FROM catalog_sku s WHERE s.id = ANY(%s::uuid[]) AND {where}"


class Page(msgspec.Struct, frozen=True):
    """Listings on sale; ``next_cursor`` is empty on the last page. ``step`` tells how far a search had to
    widen.
    """

    listings: tuple[Listing, ...]
    next_cursor: str = ""
    step: int = 0


class _Place(msgspec.Struct, array_like=True):
    """Where a page ended: still among pinned items, or at a (weight, id), or after so many search hits."""

    weight: int = 0
    sku: str = ""
    seen: int = 0


def _encode(place: _Place) -> str:
    return base64.urlsafe_b64encode(msgspec.json.encode(place)).decode().rstrip("=")


def _decode(cursor: str) -> _Place | None:
    try:
        place = msgspec.json.decode(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)), type=_Place)
        if place.sku:
            UUID(place.sku)
    except (binascii.Error, ValueError, msgspec.DecodeError):
        return None
    return place if abs(place.weight) < 2**31 and 0 <= place.seen <= RESULTS_MAX else None


class _Candidates:
    """SKU ids in popularity order that the rules of the whole chain admit and that have goods to sell."""

    def __init__(self, book: Rulebook, filters: SkuFilter, *, at: datetime) -> None:
        conditions: list[str] = []
        self._arguments: list[Any] = []
        for level in book.levels:
            condition, arguments = scope_sql(level, at)
            conditions.append(condition)
            self._arguments += arguments
        where, arguments = filters.sql()
        self._where = " AND ".join(["s.status = 'active'", *conditions, _AVAILABLE]) + where
        self._arguments += [at, *arguments]
        self._cell = cells.ALL[book.cell]

    def after(self, place: _Place, *, limit: int, without: Sequence[UUID]) -> list[tuple[UUID, int]]:
        """Return the next ids with their weights."""
        condition, arguments = "", list(self._arguments)
        if place.sku:
            condition += " AND (s.weight, s.id) < (%s, %s::uuid)"
            arguments += [place.weight, place.sku]
        if without:
            condition += " AND s.id <> ALL(%s::uuid[])"
            arguments.append(list(without))
        statement = _NEXT.format(where=self._where + condition)
        with transaction.atomic(), cell_connection(self._cell), connection.cursor() as cursor:
            cursor.execute(statement, [*arguments, limit])
            rows: list[tuple[UUID, int]] = cursor.fetchall()
        return rows

    def among(self, ids: Sequence[UUID]) -> set[UUID]:
        """Return which of these ids are candidates."""
        if not ids:
            return set()
        statement = _AMONG.format(where=self._where)
        with transaction.atomic(), cell_connection(self._cell), connection.cursor() as cursor:
            cursor.execute(statement, [list(ids), *self._arguments])
            return {row[0] for row in cursor.fetchall()}


def _pinned(shop: Shop) -> list[UUID]:
    rows = ListingOverride.objects.filter(shop=shop, position__isnull=False, hidden=False)
    return list(rows.order_by("position", "sku_id").values_list("sku_id", flat=True)[:_PINNED_MAX])


def _on_sale(book: Rulebook, ids: Sequence[UUID], *, at: datetime, channel: str) -> list[Listing]:
    return [listing for listing in resolve(book, ids, at=at, sales_channel=channel) if listing.on_sale]


def shop_page(
    shop: Shop,
    *,
    at: datetime,
    filters: SkuFilter = NO_FILTER,
    query: str = "",
    order: str = "popular",
    cursor: str = "",
    limit: int = 24,
    sales_channel: str = "shop",
) -> Page:
    """Return one page of what is on sale in a shop.

    ``query`` searches; ``order`` is one of ``ORDERS`` (a search keeps its own order of relevance unless a
    price order is asked). Items the merchant gave a position come first. A malformed cursor starts at the
    first page.
    """
    book = read_rulebook(shop)
    place = _decode(cursor) if cursor else _Place()
    place = place or _Place()
    limit = max(1, min(limit, PAGE_MAX))
    candidates = _Candidates(book, filters, at=at)
    if query.strip():
        return _search_page(
            book,
            query,
            candidates,
            filters,
            at=at,
            order=order,
            place=place,
            limit=limit,
            channel=sales_channel,
        )
    pinned = _pinned(shop)
    if order in {"price_asc", "price_desc"}:
        rows = candidates.after(_Place(), limit=PRICED_MAX, without=())
        listings = _on_sale(book, [row[0] for row in rows], at=at, channel=sales_channel)
        return _priced_page(listings, order=order, place=place, limit=limit)
    return _popular_page(book, candidates, pinned, at=at, place=place, limit=limit, channel=sales_channel)


def _priced_page(listings: list[Listing], *, order: str, place: _Place, limit: int, step: int = 0) -> Page:
    ranked = sorted(listings, key=lambda listing: listing.unit_price_e4, reverse=order == "price_desc")
    page = ranked[place.seen : place.seen + limit]
    seen = place.seen + len(page)
    return Page(
        tuple(page), _encode(_Place(seen=seen)) if seen < len(ranked) and seen <= RESULTS_MAX else "", step
    )


def _popular_page(
    book: Rulebook,
    candidates: _Candidates,
    pinned: Sequence[UUID],
    *,
    at: datetime,
    place: _Place,
    limit: int,
    channel: str,
) -> Page:
    found: list[Listing] = []
    if not place.sku:
        admitted = candidates.among(pinned)
        first = [key for key in pinned if key in admitted][place.seen :]
        for start in range(0, len(first), limit):
            part = first[start : start + limit]
            for offset, listing in enumerate(
                resolve(book, part, at=at, sales_channel=channel), start=start + 1
            ):
                if listing.on_sale:
                    found.append(listing)
                if len(found) == limit:
                    return Page(tuple(found), _encode(_Place(seen=place.seen + offset)))
    for _ in range(_BATCHES_MAX):
        rows = candidates.after(place, limit=limit + 1, without=pinned)
        listings = {
            listing.goods.id: listing
            for listing in _on_sale(book, [row[0] for row in rows], at=at, channel=channel)
        }
        for position, (key, weight) in enumerate(rows):
            place = _Place(weight=weight, sku=str(key))
            if key in listings:
                found.append(listings[key])
            if len(found) == limit:
                more = position + 1 < len(rows) or len(rows) > limit
                return Page(tuple(found), _encode(place) if more else "")
        if len(rows) <= limit:
            return Page(tuple(found))
    return Page(tuple(found), _encode(place))


def _search_page(
    book: Rulebook, query: str, candidates: _Candidates, filters: SkuFilter,
    *, at: datetime, order: str, place: _Place, limit: int, channel: str,
) -> Page:  # fmt: skip
    hits = find_skus(query, filters=filters, limit=RESULTS_MAX)
    admitted = candidates.among([hit.sku_id for hit in hits])
    ids = [hit.sku_id for hit in hits if hit.sku_id in admitted]
    step = hits[0].step if hits else 0
    if order in {"price_asc", "price_desc"}:
        return _priced_page(
            _on_sale(book, ids, at=at, channel=channel), order=order, place=place, limit=limit, step=step
        )
    found: list[Listing] = []
    seen = place.seen
    while seen < len(ids):
        part = ids[seen : seen + limit]
        for listing in resolve(book, part, at=at, sales_channel=channel):
            seen += 1
            if listing.on_sale:
                found.append(listing)
            if len(found) == limit:
                return Page(tuple(found), _encode(_Place(seen=seen)) if seen < len(ids) else "", step)
    return Page(tuple(found), "", step)


def shop_listings(
    shop: Shop, sku_ids: Sequence[UUID], *, at: datetime, sales_channel: str = "shop"
) -> list[Listing]:
    """Resolve given SKUs in a shop, on sale or not: for product pages, carts, checks before an order."""
    return resolve(read_rulebook(shop), sku_ids, at=at, sales_channel=sales_channel)
