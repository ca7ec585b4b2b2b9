"""Resolves listings when they are read: rule, cost, price, stock and state of a few SKUs in a shop.

Walks the chain of shops from the root: the root's cost is the engine's wholesale price, each sub-shop's cost
is the tier price of the shop above. Whatever hides an item above hides it below. Refuses to resolve more than
a page's worth at once only by its callers: the cost is linear in the SKUs asked for and in nothing else.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec
from django.db import transaction

from kamao.business.engine_bridge import cell_connection
from kamao.business.shops.goods import GoodsRow, read_goods
from kamao.business.shops.rulebook import Level, Overrides, Rulebook, read_overrides
from kamao.business.shops.terms import (
    Ask,
    Goods,
    Retail,
    Rule,
    is_closed,
    retail_price,
    tier_price,
    winning_rule,
)
from kamao.business.shops.wholesale import SELLABLE, Wholesale, read_wholesale
from kamao.engine import cells

ON_SALE: Final = "on_sale"
NOT_LISTED: Final = "not_listed"
HIDDEN: Final = "hidden"
CLOSED_HOURS: Final = "closed_hours"
BELOW_COST: Final = "below_cost"
SHOP_CLOSED: Final = "shop_closed"

STATES: Final[dict[str, tuple[str, str]]] = {
    ON_SALE: ("在售", "on sale"),
    NOT_LISTED: ("未上架", "not listed"),
    HIDDEN: ("已隐藏", "hidden"),
    CLOSED_HOURS: ("禁售时段", "closed at this hour"),
    BELOW_COST: ("低于进价，暂停销售", "below cost, paused"),
    SHOP_CLOSED: ("店铺打烊", "shop closed"),
    "no_offer": ("暂无供货", "no supplier at present"),
    "out_of_stock": ("缺货", "out of stock"),
    "not_priced": ("供货价待定", "no price at present"),
    "withdrawn": ("已下架", "withdrawn"),
}
"""Why an item is or is not on sale, in both languages."""


class Listing(msgspec.Struct, frozen=True, kw_only=True):
    """A SKU in a shop. ``retail`` and ``cost_e4`` are there whenever a price could be made, on sale or not; a
    SKU that is not listed has a cost only.

    ``cost_e4`` is the shop's own cost; it never leaves the shop's own staff and engine calls.
    ``chain_prices_e4`` are the unit prices from the root's wholesale price down to this shop's retail price:
    what the split of an order over the chain needs.
    """

    goods: GoodsRow
    state: str
    stock: str
    rule: Rule | None = None
    cost_e4: int | None = None
    retail: Retail | None = None
    title: str = ""
    position: int | None = None
    chain_prices_e4: tuple[int, ...] = ()

    @property
    def on_sale(self) -> bool:
        """True if a buyer may see and buy it now."""
        return self.state == ON_SALE

    @property
    def unit_price_e4(self) -> int:
        """The retail unit price; only for listings that have one."""
        assert self.retail is not None, "a listing without a price has no unit price"
        return self.retail.unit_price_e4


def _facts(goods: GoodsRow, wholesale: Wholesale) -> Goods:
    return Goods(
        id=goods.id, categories=goods.category_path, brand=goods.brand_id, scenes=frozenset(goods.scene_ids),
        suppliers=wholesale.suppliers, created_at=goods.created_at,
    )  # fmt: skip


class _Walk:
    """One SKU on its way down the chain."""

    def __init__(
        self,
        goods: GoodsRow,
        wholesale: Wholesale,
        *,
        overrides: Overrides,
        at: datetime,
        channel: str,
        local: datetime,
    ) -> None:
        self._goods = goods
        self._wholesale = wholesale
        self._facts = _facts(goods, wholesale)
        self._overrides = overrides
        self._at = at
        self._channel = channel
        self._local = local

    def run(self, levels: Sequence[Level]) -> Listing:
        cost = self._wholesale.unit_price_e4
        prices = [cost]
        state = ON_SALE
        for level, below in zip(levels, [*levels[1:], None], strict=True):
            rule = winning_rule(level.rules, self._facts, self._at)
            if rule is None or not rule.lists:
                own = cost if below is None and self._priced else None
                return Listing(goods=self._goods, state=NOT_LISTED, stock=self._wholesale.stock, cost_e4=own)
            state = state if state != ON_SALE else self._state_at(level, rule)
            ask = self._ask(level, rule, cost)
            retail = retail_price(ask)
            if below is None:
                prices.append(retail.unit_price_e4)
                return self._listing(level, rule, state, cost=cost, retail=retail, prices=prices)
            assert below.tier is not None, "every sub-shop has a tier"
            cost = tier_price(ask, tier=below.tier, margin_share_per_mille=below.margin_share_per_mille)
            prices.append(cost)
        raise AssertionError("a chain has at least one shop")

    @property
    def _priced(self) -> bool:
        return self._wholesale.reason in {SELLABLE, "out_of_stock"}

    def _state_at(self, level: Level, rule: Rule) -> str:
        override = self._overrides.of(level.shop_id, self._goods.id)
        if not level.open:
            return SHOP_CLOSED
        if override is not None and override.hidden:
            return HIDDEN
        return CLOSED_HOURS if is_closed(rule, self._local) else ON_SALE

    def _ask(self, level: Level, rule: Rule, cost_e4: int) -> Ask:
        override = self._overrides.of(level.shop_id, self._goods.id)
        return Ask(
            cost_e4=cost_e4,
            rule=rule,
            official_price_e4=self._goods.official_price_e4,
            ranged=self._goods.ranged,
            override_e4=override.price_e4 if override else None,
            sales_channel=self._channel,
            control=self._wholesale.control,
        )

    def _listing(
        self, level: Level, rule: Rule, state: str, *, cost: int, retail: Retail, prices: Sequence[int]
    ) -> Listing:
        override = self._overrides.of(level.shop_id, self._goods.id)
        title = override.title if override else ""
        position = override.position if override else None
        stock, reason = self._wholesale.stock, self._wholesale.reason
        if self._goods.status != "active":
            reason = "withdrawn"
        priced = self._priced
        if state == ON_SALE:
            state = reason or (BELOW_COST if retail.loses else ON_SALE)
        return Listing(
            goods=self._goods, state=state, stock=stock, rule=rule, cost_e4=cost if priced else None,
            retail=retail if priced else None, title=title, position=position,
            chain_prices_e4=tuple(prices) if priced else (),
        )  # fmt: skip


class Facts(msgspec.Struct, frozen=True):
    """What listings of some SKUs depend on beside the rules; read once, walked under one or more sets of
    rules.
    """

    goods: dict[UUID, GoodsRow]
    wholesale: dict[str, Wholesale]
    overrides: Overrides
    at: datetime
    sales_channel: str


def read_facts(
    book: Rulebook, sku_ids: Sequence[UUID], *, at: datetime, sales_channel: str = "shop"
) -> Facts:
    """Read goods, wholesale prices and overrides of SKUs for a shop."""
    goods = read_goods(sku_ids)
    codes = [row.code for row in goods.values()]
    with transaction.atomic(), cell_connection(cells.ALL[book.cell]) as raw:
        wholesale = read_wholesale(
            raw, codes, merchant=book.root.merchant, at=at, sales_channel=sales_channel
        )
    return Facts(goods, wholesale, read_overrides(book, list(goods)), at, sales_channel)


def walk(book: Rulebook, facts: Facts, sku_ids: Sequence[UUID]) -> list[Listing]:
    """Resolve SKUs whose facts were read, in the order asked; unknown ids are left out."""
    local = facts.at.astimezone(book.zone)
    goods = facts.goods
    return [
        _Walk(
            goods[key], facts.wholesale[goods[key].code], overrides=facts.overrides, at=facts.at,
            channel=facts.sales_channel, local=local,
        ).run(book.levels)
        for key in dict.fromkeys(sku_ids)
        if key in goods
    ]  # fmt: skip


def resolve(
    book: Rulebook, sku_ids: Sequence[UUID], *, at: datetime, sales_channel: str = "shop"
) -> list[Listing]:
    """Resolve SKUs in a shop, in the order asked; unknown ids are left out."""
    return walk(book, read_facts(book, sku_ids, at=at, sales_channel=sales_channel), sku_ids)
