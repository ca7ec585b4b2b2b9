"""The rules of a shop as it reads them: its own, and those of the shops above it.

A shop has a handful of rules, whatever the number of SKUs; they are read whole and asked in order.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec
from django.db import connection

from kamao.business.catalog.filters import subtree_ids
from kamao.business.shops.models import ListingOverride, ListingRule, Shop
from kamao.business.shops.terms import Limits, Rule, TierMarkup, order_rules

DEPTH_MAX: Final = 4
"""Shops in a chain, root included: operator, merchant, sub-shop, and its sub-shop."""


class Level(msgspec.Struct, frozen=True):
    """One shop of the chain from the root down. ``tier`` and the share are what its parent gave it."""

    shop_id: UUID
    merchant: UUID
    open: bool
    rules: tuple[Rule, ...]
    tier: UUID | None
    margin_share_per_mille: int
    subtrees: dict[UUID, list[UUID]]
    """For every category that a rule speaks of: its id and those below it."""


class Rulebook(msgspec.Struct, frozen=True):
    """The chain of a shop, the root first, the shop itself last."""

    cell: int
    zone: ZoneInfo
    """The shop's own business zone: in which prohibited hours are meant."""
    levels: tuple[Level, ...]

    def with_rules(self, rules: Iterable[Rule], subtrees: dict[UUID, list[UUID]]) -> "Rulebook":
        """Return the same chain with other rules of the shop itself: what a preview looks at."""
        own = msgspec.structs.replace(
            self.levels[-1],
            rules=tuple(order_rules(rules)),
            subtrees={**self.levels[-1].subtrees, **subtrees},
        )
        return msgspec.structs.replace(self, levels=(*self.levels[:-1], own))

    @property
    def root(self) -> Level:
        """The shop whose merchant buys from the engine."""
        return self.levels[0]


def terms_of(row: ListingRule, *, depth: int = 0) -> Rule:
    """Return a stored rule in the form it is decided by."""
    return Rule(
        key=row.key,
        since_no=row.since_no,
        scope=row.scope,
        scope_id=row.scope_id,
        depth=depth,
        lists=row.lists,
        markup_per_mille=row.markup_per_mille,
        markup_e4=row.markup_e4,
        tier_markups={UUID(tier): TierMarkup(**markup) for tier, markup in row.tier_markups.items()},
        rounding=row.rounding,
        floor_e4=row.floor_e4,
        ceiling_e4=row.ceiling_e4,
        official_ceiling_per_mille=row.official_ceiling_per_mille,
        channel_limits={channel: Limits(**limits) for channel, limits in row.channel_limits.items()},
        closed_hours=tuple(row.closed_hours),
        follows_new=row.follows_new,
        goods_until=row.goods_until,
        valid_from=row.valid_from,
        valid_until=row.valid_until,
    )


def _depths(categories: Iterable[UUID]) -> dict[UUID, int]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id, cardinality(path) FROM catalog_category WHERE id = ANY(%s::uuid[])",
            [list(categories)],
        )
        return dict(cursor.fetchall())


def _chain(shop: Shop) -> list[Shop]:
    chain = [shop]
    while chain[-1].parent_id is not None:
        assert len(chain) < DEPTH_MAX, "operations.create_sub_shop keeps chains short"
        chain.append(Shop.objects.select_related("tier").get(id=chain[-1].parent_id))
    return chain[::-1]


def merchants_above(shop: Shop) -> tuple[UUID, ...]:
    """Return the merchants of the shops above a sub-shop, the root first; empty for a shop of its own."""
    return tuple(link.organisation_id for link in _chain(shop)[:-1])


def read_rulebook(shop: Shop) -> Rulebook:
    """Return the rules in force of a shop and of every shop above it."""
    chain = _chain(shop)
    rows = list(ListingRule.objects.filter(shop__in=[link.id for link in chain], until_no__isnull=True))
    categories = {row.scope_id for row in rows if row.scope == "category" and row.scope_id is not None}
    depths, subtrees = _depths(categories), subtree_ids(list(categories))
    levels = []
    for link in chain:
        rules = [
            terms_of(row, depth=depths.get(row.scope_id, 0) if row.scope_id else 0)
            for row in rows
            if row.shop_id == link.id
        ]
        levels.append(
            Level(
                shop_id=link.id,
                merchant=link.organisation_id,
                open=link.open,
                rules=tuple(order_rules(rules)),
                tier=link.tier_id,
                margin_share_per_mille=link.tier.discount_per_mille if link.tier else 0,
                subtrees=subtrees,
            )
        )
    return Rulebook(cell=shop.cell, zone=ZoneInfo(shop.organisation.business_zone), levels=tuple(levels))


class Overrides(msgspec.Struct, frozen=True):
    """Overrides of a chain for the SKUs of one page, by (shop, SKU)."""

    rows: dict[tuple[UUID, UUID], ListingOverride]

    def of(self, shop_id: UUID, sku_id: UUID) -> ListingOverride | None:
        """Return the override of one shop for one SKU."""
        return self.rows.get((shop_id, sku_id))


def read_overrides(book: Rulebook, sku_ids: Sequence[UUID]) -> Overrides:
    """Return the overrides of every shop of the chain for these SKUs."""
    found = ListingOverride.objects.filter(
        shop__in=[level.shop_id for level in book.levels], sku__in=list(sku_ids)
    )
    return Overrides(rows={(row.shop_id, row.sku_id): row for row in found})


def scope_sql(level: Level, at: datetime) -> tuple[str, list[Any]]:
    """Return the SQL condition over ``catalog_sku s`` that a shop's listing rules admit, with its arguments.

    A superset of what is listed: which rule wins, and rules that keep goods out, are decided per page. The
    connection's search path must be the cell's, because a supplier's scope reads its offers.
    """
    options: list[str] = []
    arguments: list[Any] = []
    for rule in level.rules:
        if (
            not rule.lists
            or (rule.valid_until and at >= rule.valid_until)
            or (rule.valid_from and at < rule.valid_from)
        ):
            continue
        condition = _SCOPES[rule.scope]
        if rule.scope == "category" and rule.scope_id is not None:
            arguments.append(level.subtrees.get(rule.scope_id, []))
        elif rule.scope != "everything":
            arguments.append(rule.scope_id)
        if not rule.follows_new:
            condition += " AND s.created_at <= %s"
            arguments.append(rule.goods_until)
        options.append(f"({condition})")
    return ("(" + " OR ".join(options) + ")" if options else "FALSE"), arguments


_SCOPES: Final[dict[str, str]] = {
    "everything": "TRUE",
    "category": "s.category_id = ANY(%s::uuid[])",
    "scene": "s.scene_ids @> ARRAY[%s]::uuid[]",
    "brand": "s.brand_id = %s",
    "supplier": "EXISTS (SELECT 1 FROM pricing_offer o"
    " WHERE o.sku = s.id AND o.status = 'active' AND o.supplier = %s)",
    "sku": "s.id = %s",
}
