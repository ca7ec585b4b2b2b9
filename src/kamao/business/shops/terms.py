"""How a rule makes a retail price, as pure functions: which rule wins, markup, rounding, limits, and the
explanation.

A price is computed upwards from the shop's own cost: the wholesale price of a merchant, or the tier price
that a parent shop gives its sub-shop. The explanation starts there, so nobody sees a cost that is not his
own.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, time
from typing import Final
from uuid import UUID

import msgspec

from kamao.kernel.money import E4, divide_half_up

FEN_E4: Final = 100

ROUNDINGS: Final[dict[str, tuple[int, int]]] = {
    "none": (FEN_E4, 0), "tenth": (1_000, 0), "integer": (E4, 0), "end_9": (E4, 9_000), "end_99": (E4, 9_900),
    "end_88": (E4, 8_800), "five": (50_000, 0),
}  # fmt: skip
"""Rounding → (step, ending): the price becomes the next one that is ``ending`` above a multiple of
``step``.
"""

_ROUNDING_NAMES: Final[dict[str, tuple[str, str]]] = {
    "none": ("进到分", "up to the fen"), "tenth": ("进到角", "up to 0.1"), "integer": ("进到元", "up to a whole yuan"),
    "end_9": ("以 .9 结尾", "ending in .9"), "end_99": ("以 .99 结尾", "ending in .99"),
    "end_88": ("以 .88 结尾", "ending in .88"), "five": ("进到 5 的倍数", "up to a multiple of 5"),
}  # fmt: skip


class Limits(msgspec.Struct, frozen=True):
    """The lowest and the highest allowed unit price; None where there is no bound."""

    floor_e4: int | None = None
    ceiling_e4: int | None = None


NO_LIMITS: Final = Limits()


class TierMarkup(msgspec.Struct, frozen=True):
    """What a rule adds to cost for a sub-shop's tier."""

    per_mille: int = 0
    e4: int = 0


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """A listing rule as it is decided by; see ``models.ListingRule`` for the meaning of each field."""

    key: UUID
    since_no: int
    scope: str
    goods_until: datetime
    scope_id: UUID | None = None
    depth: int = 0
    """Depth of the category in the tree: deeper wins."""
    lists: bool = True
    markup_per_mille: int = 0
    markup_e4: int = 0
    tier_markups: Mapping[UUID, TierMarkup] = {}
    rounding: str = "none"
    floor_e4: int | None = None
    ceiling_e4: int | None = None
    official_ceiling_per_mille: int | None = None
    channel_limits: Mapping[str, Limits] = {}
    closed_hours: tuple[str, ...] = ()
    follows_new: bool = True
    valid_from: datetime | None = None
    valid_until: datetime | None = None


class Goods(msgspec.Struct, frozen=True):
    """What rules look at in a SKU."""

    id: UUID
    categories: tuple[UUID, ...]
    brand: UUID | None
    scenes: frozenset[UUID]
    suppliers: frozenset[UUID]
    created_at: datetime


class Step(msgspec.Struct, frozen=True):
    """One line of an explanation with the unit price after it."""

    code: str
    zh: str
    en: str
    unit_price_e4: int


class Retail(msgspec.Struct, frozen=True):
    """A retail unit price with its reasons.

    ``limited``: 控价 or a channel's limit set it; ``loses``: it is below the shop's cost.
    """

    unit_price_e4: int
    steps: tuple[Step, ...]
    limited: bool
    loses: bool


class Ask(msgspec.Struct, frozen=True, kw_only=True):
    """Everything one price depends on. ``control`` is 控价, which nobody's rule may leave."""

    cost_e4: int
    rule: Rule
    official_price_e4: int | None = None
    ranged: bool = False
    override_e4: int | None = None
    sales_channel: str = "shop"
    control: Limits = NO_LIMITS


_SCOPE_RANK: Final[dict[str, int]] = {
    "sku": 0, "brand": 1, "supplier": 2, "scene": 3, "category": 4, "everything": 5,
}  # fmt: skip


def money(unit_price_e4: int) -> str:
    """Return a unit price as people read it: two decimals, up to four where they are needed."""
    text = f"{unit_price_e4 // E4}.{unit_price_e4 % E4:04d}"
    return text[:-2] if text.endswith("00") else text.rstrip("0")


def order_rules(rules: Iterable[Rule]) -> list[Rule]:
    """Return rules in the order they are asked: the more specific scope first, then the newest."""
    return sorted(
        rules, key=lambda rule: (_SCOPE_RANK[rule.scope], -rule.depth, -rule.since_no, rule.key.int)
    )


def applies(rule: Rule, goods: Goods, at: datetime) -> bool:
    """Tell whether a rule speaks of these goods at a moment (closed hours are asked apart)."""
    if rule.valid_from is not None and at < rule.valid_from:
        return False
    if rule.valid_until is not None and at >= rule.valid_until:
        return False
    if not rule.follows_new and goods.created_at > rule.goods_until:
        return False
    match rule.scope:
        case "everything":
            return True
        case "category":
            return rule.scope_id in goods.categories
        case "scene":
            return rule.scope_id in goods.scenes
        case "brand":
            return rule.scope_id == goods.brand
        case "supplier":
            return rule.scope_id in goods.suppliers
        case _:
            return rule.scope_id == goods.id


def winning_rule(ordered: Sequence[Rule], goods: Goods, at: datetime) -> Rule | None:
    """Return the first rule that applies, of rules in the order of ``order_rules``; None: not listed."""
    return next((rule for rule in ordered if applies(rule, goods, at)), None)


def parse_hours(text: str) -> tuple[time, time] | None:
    """Return the two ends of ``HH:MM-HH:MM``; None where the text is no such range or is empty."""
    start, separator, end = text.partition("-")
    try:
        ends = time.fromisoformat(start.strip()), time.fromisoformat(end.strip())
    except ValueError:
        return None
    return ends if separator and ends[0] != ends[1] else None


def is_closed(rule: Rule, local: datetime) -> bool:
    """Tell whether the rule's prohibited hours hold at a local time; a range may cross midnight."""
    now = local.time()
    for text in rule.closed_hours:
        hours = parse_hours(text)
        if hours is None:
            continue
        start, end = hours
        if (start <= now < end) if start < end else (now >= start or now < end):
            return True
    return False


def round_up(unit_price_e4: int, rounding: str, *, ranged: bool = False) -> int:
    """Return the next price of the rounding, never below; a ranged SKU's rate is not rounded."""
    if ranged:
        return unit_price_e4
    step, ending = ROUNDINGS[rounding]
    return unit_price_e4 + (ending - unit_price_e4) % step


def marked_up(cost_e4: int, per_mille: int, plus_e4: int) -> int:
    """Return cost × (1000 + per mille) / 1000 + plus, half up, never negative."""
    return max(divide_half_up(max(cost_e4 * (1000 + per_mille), 0), 1000) + plus_e4, 0)


class _Trail:
    """The price on its way, with the steps so far."""

    def __init__(self, code: str, zh: str, en: str, price_e4: int) -> None:
        self.price = price_e4
        self.steps = [Step(code=code, zh=zh, en=en, unit_price_e4=price_e4)]
        self.limited = False

    def to(self, price_e4: int, code: str, zh: str, en: str, *, limit: bool = False) -> None:
        """Go to another price if it differs; ``limit`` marks that a bound forced it."""
        if price_e4 != self.price:
            self.price = price_e4
            self.limited = self.limited or limit
            self.steps.append(Step(code=code, zh=zh, en=en, unit_price_e4=price_e4))

    def within(self, limits: Limits, code: str, zh: str, en: str, *, limit: bool = False) -> None:
        """Move the price inside bounds; the floor has the last word."""
        if limits.ceiling_e4 is not None:
            top = money(limits.ceiling_e4)
            price = min(self.price, limits.ceiling_e4)
            self.to(price, f"{code}_ceiling", f"{zh}上限 {top}", f"{en} ceiling {top}", limit=limit)
        if limits.floor_e4 is not None:
            low = money(limits.floor_e4)
            price = max(self.price, limits.floor_e4)
            self.to(price, f"{code}_floor", f"{zh}下限 {low}", f"{en} floor {low}", limit=limit)


def _by_rule(ask: Ask) -> _Trail:
    rule = ask.rule
    trail = _Trail("cost", "我的进价", "my cost", ask.cost_e4)
    percent = f"{rule.markup_per_mille / 10:g}%"
    plus = f" {'+' if rule.markup_e4 > 0 else '−'} {money(abs(rule.markup_e4))}" if rule.markup_e4 else ""
    trail.to(
        marked_up(ask.cost_e4, rule.markup_per_mille, rule.markup_e4),
        "markup", f"加价 {percent}{plus}", f"markup {percent}{plus}",
    )  # fmt: skip
    zh, en = _ROUNDING_NAMES[rule.rounding]
    trail.to(
        round_up(trail.price, rule.rounding, ranged=ask.ranged), "rounding", f"取整：{zh}", f"rounded {en}"
    )
    if rule.official_ceiling_per_mille is not None and ask.official_price_e4:
        top = ask.official_price_e4 * rule.official_ceiling_per_mille // 1000
        if not ask.ranged:
            top -= top % FEN_E4
        share = f"{rule.official_ceiling_per_mille / 10:g}%"
        trail.to(min(trail.price, top), "official_ceiling",
                 f"不高于官方价的 {share}", f"at most {share} of the official price")  # fmt: skip
    trail.within(Limits(rule.floor_e4, rule.ceiling_e4), "rule", "规则", "rule")
    return trail


def retail_price(ask: Ask) -> Retail:
    """Return the retail unit price and its steps.

    Order: cost, markup, rounding, ceiling against the official price, the rule's ceiling and floor; an
    override replaces all of these; then the rule's limits of the sales channel, then 控价. Where a floor and a
    ceiling contradict each other the floor wins.
    """
    if ask.override_e4 is not None:
        trail = _Trail("override", "单品改价", "price set for this item", ask.override_e4)
    else:
        trail = _by_rule(ask)
    channel = ask.rule.channel_limits.get(ask.sales_channel, NO_LIMITS)
    trail.within(channel, "channel", f"渠道 {ask.sales_channel} ", f"channel {ask.sales_channel}", limit=True)
    trail.within(ask.control, "control", "控价", "resale control", limit=True)
    return Retail(
        unit_price_e4=trail.price,
        steps=tuple(trail.steps),
        limited=trail.limited,
        loses=trail.price < ask.cost_e4,
    )


def tier_price(ask: Ask, *, tier: UUID, margin_share_per_mille: int) -> int:
    """Return the price at which a shop supplies a sub-shop of a tier.

    The rule's own markup for the tier if it has one; else the shop's retail price less the given share of its
    margin. Never below the shop's cost, in whole fen for goods that are not ranged.
    """
    markup = ask.rule.tier_markups.get(tier)
    if markup is not None:
        price = marked_up(ask.cost_e4, markup.per_mille, markup.e4)
    else:
        retail = retail_price(ask).unit_price_e4
        price = retail - max(retail - ask.cost_e4, 0) * margin_share_per_mille // 1000
    return max(round_up(price, "none", ranged=ask.ranged), ask.cost_e4)
