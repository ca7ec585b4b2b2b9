"""How a wholesale price comes about: pure functions over loaded rules. Refuses to read anything.

Precedence: 密价 (merchant × SKU or category, quantity steps) › level price › category template › default
(``trade.md``). Within one kind the SKU's own rule wins over its categories', the nearest category first, then
"any"; within one target the highest quantity step that the order reaches.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from kamao.engine.pricing.types import Offer, Price, Sku, Step
from kamao.kernel.money import divide_half_up

ANY_TARGET = UUID(int=0)
_KINDS = ("private", "level", "template", "default")
_NAMES = {
    "private": ("专属价", "your price"),
    "level": ("等级价", "level price"),
    "template": ("品类加价", "category mark-up"),
    "default": ("默认加价", "default mark-up"),
}


class Rule(msgspec.Struct, frozen=True):
    """A price rule as loaded (see ``PriceRule``)."""

    kind: str
    audience: str
    target: UUID
    min_quantity: int
    effective_from: datetime
    fixed_e4: int | None
    markup_per_mille: int | None
    markup_e4: int


class Limit(msgspec.Struct, frozen=True):
    """A channel limit as loaded (see ``ChannelLimit``)."""

    target: UUID
    sales_channel: str
    effective_from: datetime
    floor_e4: int | None
    ceiling_e4: int | None


def targets_of(sku: Sku) -> tuple[UUID, ...]:
    """Return the targets that may hold a rule for a SKU, the most specific first."""
    return (sku.id, *reversed(sku.categories), ANY_TARGET)


def rule_in_force(
    rules: Sequence[Rule], *, sku: Sku, merchant: UUID, level: int, quantity: int, at: datetime
) -> Rule | None:
    """Return the rule that prices this SKU for this buyer, or None where nothing is said."""
    places = {target: place for place, target in enumerate(targets_of(sku))}
    audiences = {"private": merchant.hex, "level": str(level), "template": "", "default": ""}
    best: tuple[tuple[int, int, int], Rule] | None = None
    for rule in _latest(rules, at):
        if rule.target not in places or audiences[rule.kind] != rule.audience or rule.min_quantity > quantity:
            continue
        if rule.fixed_e4 is None and rule.markup_per_mille is None:
            continue
        rank = (_KINDS.index(rule.kind), places[rule.target], -rule.min_quantity)
        if best is None or rank < best[0]:
            best = (rank, rule)
    return best[1] if best else None


def _latest(rules: Sequence[Rule], at: datetime) -> list[Rule]:
    """Keep of each key the row in force: the last that began."""
    current: dict[tuple[str, str, UUID, int], Rule] = {}
    for rule in rules:
        if rule.effective_from > at:
            continue
        key = (rule.kind, rule.audience, rule.target, rule.min_quantity)
        before = current.get(key)
        if before is None or before.effective_from < rule.effective_from:
            current[key] = rule
    return list(current.values())


def apply_rule(rule: Rule | None, cost_e4: int) -> int:
    """Return the unit price that a rule makes of a cost; without a rule the cost itself."""
    if rule is None:
        return cost_e4
    if rule.fixed_e4 is not None:
        return rule.fixed_e4
    return max(divide_half_up(cost_e4 * (1000 + (rule.markup_per_mille or 0)), 1000) + rule.markup_e4, 0)


def price_of(
    rules: Sequence[Rule], *, sku: Sku, offer: Offer, merchant: UUID, level: int, quantity: int, at: datetime
) -> Price | None:
    """Return the wholesale unit price with its steps, or None where it would lie below cost.

    The loss guard is hard: nothing here sells below cost (a promotion is a funded subsidy, not a lower
    price).
    """
    rule = rule_in_force(rules, sku=sku, merchant=merchant, level=level, quantity=quantity, at=at)
    unit = apply_rule(rule, offer.cost_e4)
    if unit < offer.cost_e4:
        return None
    steps = [Step("cost", "供货成本", "supply cost", offer.cost_e4, internal=True)]
    if rule is not None:
        zh, en = _NAMES[rule.kind]
        if rule.min_quantity > 1:
            zh, en = f"{zh}（满 {rule.min_quantity} 件）", f"{en} (from {rule.min_quantity})"
        steps.append(Step(rule.kind, zh, en, unit))
    else:
        steps.append(Step("base", "基准价", "base price", unit))
    return Price(unit, rule.kind if rule else "base", tuple(steps))


def channel_limit(
    limits: Sequence[Limit], *, sku: Sku, sales_channel: str | None, at: datetime
) -> tuple[int | None, int | None]:
    """Return the lowest and highest retail unit price (控价) of a SKU in a channel; None means no limit.

    The most specific target wins; on one target a channel's own row wins over the row for every channel.
    """
    places = {target: place for place, target in enumerate(targets_of(sku))}
    best: tuple[tuple[int, int, float], Limit] | None = None
    for limit in limits:
        if limit.effective_from > at or limit.target not in places:
            continue
        if limit.sales_channel not in ("", sales_channel or ""):
            continue
        rank = (
            places[limit.target],
            0 if limit.sales_channel else 1,
            -limit.effective_from.timestamp(),
        )
        if best is None or rank < best[0]:
            best = (rank, limit)
    return (best[1].floor_e4, best[1].ceiling_e4) if best else (None, None)
