"""What a change of rules would do, before it is made: how many items join, leave, change price, hit a limit,
lose.

Runs the same resolution as the shop, under the rules before and after, over the SKUs that the change speaks
of and that somebody supplies: exactly for up to ``LOOKED_AT_MAX`` of them, beyond that over the most popular
ones, and says so.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec
from django.db import connection, transaction

from kamao.business.catalog.filters import subtree_ids
from kamao.business.catalog.models import Category
from kamao.business.engine_bridge import cell_connection
from kamao.business.shops.listing_rules import RuleDraft, check_draft
from kamao.business.shops.models import Shop
from kamao.business.shops.resolving import NOT_LISTED, Listing, read_facts, walk
from kamao.business.shops.rulebook import Level, Rulebook, read_rulebook, scope_sql
from kamao.business.shops.terms import Rule
from kamao.engine import cells
from kamao.kernel.errors import Refusal
from kamao.kernel.ids import new_uuid7

LOOKED_AT_MAX: Final = 2_000
SAMPLES_MAX: Final = 12

_SUPPLIED: Final = "EXISTS (SELECT 1 FROM pricing_offer a WHERE a.sku = s.id AND a.status = 'active')"


class Sample(msgspec.Struct, frozen=True):
    """One item before and after; None where it is not listed or has no price."""

    code: str
    name_zh: str
    name_en: str
    currency: str
    cost_e4: int | None
    before_e4: int | None
    after_e4: int | None
    limited: bool
    loses: bool


class Preview(msgspec.Struct, frozen=True):
    """Counts over the items looked at; ``total`` is how many the change speaks of."""

    total: int
    looked_at: int
    joins: int
    leaves: int
    changes: int
    limited: int
    loses: int
    on_sale_after: int
    samples: tuple[Sample, ...]

    @property
    def is_partial(self) -> bool:
        """True where only the most popular items were looked at."""
        return self.looked_at < self.total


def _price(listing: Listing) -> int | None:
    return None if listing.state == NOT_LISTED or listing.retail is None else listing.retail.unit_price_e4


def _sample(before: Listing, after: Listing) -> Sample:
    goods = after.goods
    return Sample(
        code=goods.code, name_zh=goods.name("zh"), name_en=goods.name("en"), currency=goods.currency,
        cost_e4=after.cost_e4 if after.cost_e4 is not None else before.cost_e4,
        before_e4=_price(before), after_e4=_price(after),
        limited=after.retail.limited if after.retail else False,
        loses=after.retail.loses if after.retail else False,
    )  # fmt: skip


def _summary(total: int, before: Sequence[Listing], after: Sequence[Listing]) -> Preview:
    samples = [_sample(one, other) for one, other in zip(before, after, strict=True)]
    was = [listing.state != NOT_LISTED for listing in before]
    now = [listing.state != NOT_LISTED for listing in after]
    changed = [
        sample.before_e4 != sample.after_e4 and old and new
        for sample, old, new in zip(samples, was, now, strict=True)
    ]
    # What a person must look at comes first: losses, then limits, then changes.
    shown = sorted(
        range(len(samples)),
        key=lambda place: (not samples[place].loses, not samples[place].limited, not changed[place], place),
    )
    return Preview(
        total=total,
        looked_at=len(samples),
        joins=sum(new and not old for old, new in zip(was, now, strict=True)),
        leaves=sum(old and not new for old, new in zip(was, now, strict=True)),
        changes=sum(changed),
        limited=sum(sample.limited for sample in samples),
        loses=sum(sample.loses for sample in samples),
        on_sale_after=sum(listing.on_sale for listing in after),
        samples=tuple(samples[place] for place in shown[:SAMPLES_MAX]),
    )


def _touched(
    book: Rulebook, rules: Sequence[Rule], subtrees: dict[UUID, list[UUID]], at: datetime
) -> tuple[list[UUID], int]:
    """Return the supplied SKUs that the rules speak of, the most popular ones of them, and how many there
    are.
    """
    spoken = [msgspec.structs.replace(rule, lists=True, valid_from=None, valid_until=None) for rule in rules]
    level = Level(
        shop_id=book.levels[-1].shop_id,
        merchant=book.root.merchant,
        open=True,
        rules=tuple(spoken),
        tier=None,
        margin_share_per_mille=0,
        subtrees=subtrees,
    )
    condition, arguments = scope_sql(level, at)
    where = f"FROM catalog_sku s WHERE s.status = 'active' AND {condition} AND {_SUPPLIED}"
    with transaction.atomic(), cell_connection(cells.ALL[book.cell]), connection.cursor() as cursor:
        cursor.execute(
            f"SELECT s.id {where} ORDER BY s.weight DESC, s.id DESC LIMIT %s", [*arguments, LOOKED_AT_MAX]
        )
        ids = [row[0] for row in cursor.fetchall()]
        if len(ids) < LOOKED_AT_MAX:
            return ids, len(ids)
        cursor.execute(f"SELECT count(*) {where}", arguments)
        row = cursor.fetchone()
    assert row is not None, "count(*) answers one row"
    return ids, row[0]


def preview_rules(
    shop: Shop, drafts: Sequence[RuleDraft] = (), *, at: datetime, replaces: UUID | None = None
) -> Preview:
    """Tell what adding rules, or replacing or (without drafts) removing the rule ``replaces``, would do.

    Refuses what ``listing_rules`` would refuse. Writes nothing.
    """
    for draft in drafts:
        check_draft(shop, draft)
    book = read_rulebook(shop)
    own = book.levels[-1].rules
    replaced = [rule for rule in own if rule.key == replaces]
    if replaces is not None and not replaced:
        raise Refusal("listing_not_found")
    categories = [
        draft.scope_id for draft in drafts if draft.scope == "category" and draft.scope_id is not None
    ]
    subtrees = {**book.levels[-1].subtrees, **subtree_ids(categories)}
    depths = {
        key: len(path) for key, path in Category.objects.filter(id__in=categories).values_list("id", "path")
    }
    fresh = [
        draft.as_rule(
            key=replaces or new_uuid7(), since_no=shop.change_no + 1, at=at,
            depth=depths.get(draft.scope_id, 0) if draft.scope_id else 0,
        )
        for draft in drafts
    ]  # fmt: skip
    after_book = book.with_rules([*(rule for rule in own if rule.key != replaces), *fresh], subtrees)
    ids, total = _touched(book, [*replaced, *fresh], subtrees, at)
    facts = read_facts(book, ids, at=at)
    return _summary(total, walk(book, facts, ids), walk(after_book, facts, ids))


def preview_words(preview: Preview) -> tuple[str, str]:
    """Return the preview as one line in Chinese and English: "27 变价, 3 触控价, 2 会亏"."""
    zh = (
        f"{preview.joins} 新上架，{preview.leaves} 下架，{preview.changes} 变价，"
        f"{preview.limited} 触控价，{preview.loses} 会亏"
    )
    en = (
        f"{preview.joins} join, {preview.leaves} leave, {preview.changes} change price, "
        f"{preview.limited} meet a limit, {preview.loses} would lose"
    )
    return zh, en


def as_json(preview: Preview) -> dict[str, Any]:
    """Return the preview as the open API shows it."""
    words = preview_words(preview)
    return {**msgspec.to_builtins(preview), "summary_zh": words[0], "summary_en": words[1]}
