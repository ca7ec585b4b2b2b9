"""What a merchant sees of the library in a shop: listed items in every state, and goods that could be listed.

Like ``pages`` a page is read in popularity order and resolved for the page only; unlike there nothing hides.
"""

from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec
from django.db import connection, transaction

from kamao.business.catalog.filters import NO_FILTER, SkuFilter
from kamao.business.catalog.search import find_skus
from kamao.business.engine_bridge import cell_connection
from kamao.business.shops.models import Shop
from kamao.business.shops.resolving import Listing, resolve
from kamao.business.shops.rulebook import read_rulebook, scope_sql
from kamao.engine import cells

ITEMS_MAX: Final = 100
_SUPPLIED: Final = "EXISTS (SELECT 1 FROM pricing_offer a WHERE a.sku = s.id AND a.status = 'active')"


class ItemPage(msgspec.Struct, frozen=True):
    """Items in the order asked; ``next_after`` is the SKU code to go on after, empty at the end."""

    items: tuple[Listing, ...]
    next_after: str = ""


def shop_items(
    shop: Shop,
    *,
    at: datetime,
    filters: SkuFilter = NO_FILTER,
    query: str = "",
    after: str = "",
    limit: int = 50,
    listed: bool = True,
) -> ItemPage:
    """Return a page of the items that the rules of a shop list, on sale or not, each with its state.

    ``listed`` False: everything that is supplied, whether listed or not (product selection). A query gives
    its best hits on one page.
    """
    limit = max(1, min(limit, ITEMS_MAX))
    book = read_rulebook(shop)
    conditions, arguments = ["s.status = 'active'"], []
    if listed:
        condition, values = scope_sql(book.levels[-1], at)
        conditions.append(condition)
        arguments += values
    else:
        conditions.append(_SUPPLIED)
    where, values = filters.sql()
    arguments += values
    tail = " AND ".join(conditions) + where
    cell = cells.ALL[book.cell]
    if query.strip():
        hits = [hit.sku_id for hit in find_skus(query, filters=filters, limit=ITEMS_MAX)]
        admitted = _ids(cell, f"s.id = ANY(%s::uuid[]) AND {tail}", [hits, *arguments], limit=ITEMS_MAX)
        ids = [key for key in hits if key in set(admitted)][:limit]
        return ItemPage(tuple(resolve(book, ids, at=at)))
    if after:
        tail += " AND (s.weight, s.id) < (SELECT a.weight, a.id FROM catalog_sku a WHERE a.code = %s)"
        arguments.append(after)
    ids = _ids(cell, tail, arguments, limit=limit + 1)
    items = resolve(book, ids[:limit], at=at)
    return ItemPage(tuple(items), items[-1].goods.code if len(ids) > limit else "")


def _ids(cell: cells.Cell, where: str, arguments: list[Any], *, limit: int) -> list[UUID]:
    statement = (
        f"SELECT s.id FROM catalog_sku s WHERE {where} "  # noqa: S608  conditions are ours
        "ORDER BY s.weight DESC, s.id DESC LIMIT %s"
    )
    with transaction.atomic(), cell_connection(cell), connection.cursor() as cursor:
        cursor.execute(statement, [*arguments, limit])
        return [row[0] for row in cursor.fetchall()]
