"""Writes of listing rules: add, edit, remove, undo; every write is a numbered change of its shop.

One row lists a category or everything. A stored rule never changes: it is closed by a change and, if edited,
followed by a new row of the same key. Undo closes what the change opened and opens again what it closed.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec
from django.db import transaction

from kamao.business.catalog.models import Brand, Category, Scene, Sku
from kamao.business.identity import audit
from kamao.business.identity.models import Organisation
from kamao.business.shops.models import ListingChange, ListingRule, Rounding, Scope, Shop, ShopTier
from kamao.business.shops.terms import Limits, Rule, TierMarkup, parse_hours
from kamao.kernel.errors import Refusal
from kamao.kernel.ids import new_uuid7
from kamao.kernel.money import AMOUNT_MAX

RULES_MAX: Final = 500
MARKUP_PER_MILLE_MAX: Final = 100_000
SALES_CHANNELS: Final = (
    "shop", "taobao", "tmall", "pdd", "jd", "douyin", "xianyu", "wechat_shop", "counter", "other",
)  # fmt: skip


class RuleDraft(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a person or a program asks a rule to be. ``scope_id`` is the category's, scene's, … id."""

    scope: str = "everything"
    scope_id: UUID | None = None
    lists: bool = True
    markup_per_mille: int = 0
    markup_e4: int = 0
    tier_markups: dict[UUID, TierMarkup] = {}
    rounding: str = "none"
    floor_e4: int | None = None
    ceiling_e4: int | None = None
    official_ceiling_per_mille: int | None = None
    channel_limits: dict[str, Limits] = {}
    closed_hours: tuple[str, ...] = ()
    follows_new: bool = True
    valid_from: datetime | None = None
    valid_until: datetime | None = None

    def as_rule(self, *, key: UUID, since_no: int, at: datetime, depth: int = 0) -> Rule:
        """Return the rule as it would decide, for a preview."""
        values = {name: getattr(self, name) for name in self.__struct_fields__}
        return Rule(key=key, since_no=since_no, goods_until=at, depth=depth, **values)


_SCOPED: Final[dict[str, Any]] = {"category": Category, "scene": Scene, "brand": Brand, "sku": Sku}


def _bounds_wrong(low: int | None, high: int | None) -> bool:
    values = [value for value in (low, high) if value is not None]
    return any(not 0 <= value < AMOUNT_MAX for value in values) or (
        len(values) == 2 and values[0] > values[1]
    )


def _scope_exists(draft: RuleDraft) -> bool:
    if draft.scope == "everything":
        return draft.scope_id is None
    if draft.scope_id is None:
        return False
    if draft.scope == "supplier":
        return Organisation.objects.filter(id=draft.scope_id, kind="supplier").exists()
    found: bool = _SCOPED[draft.scope].objects.filter(id=draft.scope_id).exists()
    return found


def check_draft(shop: Shop, draft: RuleDraft) -> None:
    """Refuse a rule that cannot work, with a pointer to each wrong field."""
    wrong: list[tuple[str, str, str]] = []
    if draft.scope not in Scope.values or not _scope_exists(draft):
        wrong.append(("/scope", "上架范围不存在。", "The scope does not exist."))
    if not -999 <= draft.markup_per_mille <= MARKUP_PER_MILLE_MAX:
        wrong.append(
            (
                "/markup_per_mille",
                "加价应在 -999‰ 到 100000‰ 之间。",
                "A markup is between -999 and 100000 per mille.",
            )
        )
    if abs(draft.markup_e4) >= AMOUNT_MAX:
        wrong.append(("/markup_e4", "固定加价超出范围。", "The fixed markup is out of range."))
    if draft.rounding not in Rounding.values:
        wrong.append(("/rounding", "未知取整方式。", "Unknown rounding."))
    if _bounds_wrong(draft.floor_e4, draft.ceiling_e4):
        wrong.append(
            (
                "/floor_e4",
                "下限应不高于上限，且不为负。",
                "The floor may not be above the ceiling, and neither negative.",
            )
        )
    if draft.official_ceiling_per_mille is not None and not 0 < draft.official_ceiling_per_mille <= 10_000:
        wrong.append(
            (
                "/official_ceiling_per_mille",
                "官方价上限应在 1‰ 到 10000‰ 之间。",
                "The share of the official price is 1 to 10000 per mille.",
            )
        )
    for channel, limits in draft.channel_limits.items():
        if channel not in SALES_CHANNELS or _bounds_wrong(limits.floor_e4, limits.ceiling_e4):
            wrong.append(
                (f"/channel_limits/{channel}", "渠道限价无效。", "The channel's limits are not valid.")
            )
    if any(parse_hours(text) is None for text in draft.closed_hours) or len(draft.closed_hours) > 8:
        wrong.append(
            (
                "/closed_hours",
                "禁售时段应写作 23:00-07:00，最多 8 段。",
                "Closed hours read 23:00-07:00, at most eight.",
            )
        )
    if draft.valid_from and draft.valid_until and draft.valid_from >= draft.valid_until:
        wrong.append(("/valid_until", "有效期结束应晚于开始。", "The validity must end after it begins."))
    tiers = (
        set(ShopTier.objects.filter(shop=shop).values_list("id", flat=True)) if draft.tier_markups else set()
    )
    if set(draft.tier_markups) - tiers:
        wrong.append(("/tier_markups", "分站等级不存在。", "A sub-shop tier does not exist."))
    if wrong:
        raise Refusal("invalid", pointers=tuple(wrong))


def _stored(shop: Shop, draft: RuleDraft, *, key: UUID, since_no: int, at: datetime) -> ListingRule:
    return ListingRule(
        shop=shop,
        key=key,
        since_no=since_no,
        lists=draft.lists,
        scope=draft.scope,
        scope_id=draft.scope_id,
        markup_per_mille=draft.markup_per_mille,
        markup_e4=draft.markup_e4,
        tier_markups={str(tier): msgspec.to_builtins(markup) for tier, markup in draft.tier_markups.items()},
        rounding=draft.rounding,
        floor_e4=draft.floor_e4,
        ceiling_e4=draft.ceiling_e4,
        official_ceiling_per_mille=draft.official_ceiling_per_mille,
        channel_limits={
            channel: msgspec.to_builtins(limits) for channel, limits in draft.channel_limits.items()
        },
        closed_hours=list(draft.closed_hours),
        follows_new=draft.follows_new,
        goods_until=at,
        valid_from=draft.valid_from,
        valid_until=draft.valid_until,
    )


def _begin(shop: Shop, act: str, *, actor: audit.Actor, at: datetime, undoes_no: int | None = None) -> int:
    """Take the next change number under the shop's row lock, and note who did it."""
    locked = Shop.objects.select_for_update().get(id=shop.id)
    number = locked.change_no + 1
    Shop.objects.filter(id=shop.id).update(change_no=number)
    shop.change_no = number
    ListingChange.objects.create(
        shop=shop, number=number, act=act, undoes_no=undoes_no, user_id=actor.user, at=at
    )
    audit.record(
        f"listing.{act}", actor=actor, at=at, organisation=shop.organisation_id, object_kind="shop",
        object_id=str(shop.id), details={"change": number},
    )  # fmt: skip
    return number


def _open_rule(shop: Shop, key: UUID) -> ListingRule:
    rule = ListingRule.objects.filter(shop=shop, key=key, until_no__isnull=True).first()
    if rule is None:
        raise Refusal("listing_not_found")
    return rule


def add_rules(
    shop: Shop, drafts: Sequence[RuleDraft], *, actor: audit.Actor, at: datetime
) -> list[ListingRule]:
    """List by rules (一键上架): one change, one row per rule, whatever the number of SKUs."""
    for draft in drafts:
        check_draft(shop, draft)
    with transaction.atomic():
        number = _begin(shop, "add", actor=actor, at=at)
        if ListingRule.objects.filter(shop=shop, until_no__isnull=True).count() + len(drafts) > RULES_MAX:
            raise Refusal(
                "invalid",
                zh=f"一个店铺最多 {RULES_MAX} 条上架规则。",
                en=f"A shop has at most {RULES_MAX} rules.",
            )
        rules = [_stored(shop, draft, key=new_uuid7(), since_no=number, at=at) for draft in drafts]
        ListingRule.objects.bulk_create(rules)
    return rules


def edit_rule(shop: Shop, key: UUID, draft: RuleDraft, *, actor: audit.Actor, at: datetime) -> ListingRule:
    """Replace a rule by a changed one of the same key."""
    check_draft(shop, draft)
    with transaction.atomic():
        number = _begin(shop, "edit", actor=actor, at=at)
        old = _open_rule(shop, key)
        ListingRule.objects.filter(id=old.id).update(until_no=number)
        rule = _stored(shop, draft, key=key, since_no=number, at=at)
        if old.follows_new == draft.follows_new:
            rule.goods_until = old.goods_until
        rule.save(force_insert=True)
    return rule


def remove_rule(shop: Shop, key: UUID, *, actor: audit.Actor, at: datetime) -> None:
    """End a rule; what it listed is no longer listed unless another rule lists it."""
    with transaction.atomic():
        number = _begin(shop, "remove", actor=actor, at=at)
        ListingRule.objects.filter(id=_open_rule(shop, key).id).update(until_no=number)


def undo_last(shop: Shop, number: int, *, actor: audit.Actor, at: datetime) -> None:
    """Undo the latest change, which must be ``number`` (so that two people never undo each other's work).

    Undoing an undo brings the change back.
    """
    with transaction.atomic():
        locked = Shop.objects.select_for_update().get(id=shop.id)
        if number < 1 or locked.change_no != number:
            raise Refusal("nothing_to_undo")
        opened = list(ListingRule.objects.filter(shop=shop, since_no=number))
        closed = list(ListingRule.objects.filter(shop=shop, until_no=number))
        now = _begin(shop, "undo", actor=actor, at=at, undoes_no=number)
        ListingRule.objects.filter(id__in=[rule.id for rule in opened], until_no__isnull=True).update(
            until_no=now
        )
        for rule in closed:
            rule.pk = new_uuid7()
            rule.since_no, rule.until_no = now, None
        ListingRule.objects.bulk_create(closed)


def rules_of(shop: Shop) -> list[ListingRule]:
    """Return the rules in force, the newest first."""
    return list(ListingRule.objects.filter(shop=shop, until_no__isnull=True).order_by("-since_no", "-id"))


def changes_of(shop: Shop, *, limit: int = 20) -> list[ListingChange]:
    """Return the latest changes of a shop's rules, the newest first."""
    return list(ListingChange.objects.filter(shop=shop).order_by("-number")[:limit])
