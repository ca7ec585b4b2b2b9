"""A preview tells beforehand exactly what a change of rules then does."""

from typing import Any

import pytest

from kamao.business.catalog.models import Category
from kamao.business.engine_bridge import cell_connection
from kamao.business.identity import audit
from kamao.business.shops.listing_rules import RuleDraft, add_rules, edit_rule, rules_of
from kamao.business.shops.models import ListingChange
from kamao.business.shops.pages import shop_listings
from kamao.business.shops.previews import preview_rules, preview_words
from kamao.engine.cells import LIVE
from kamao.engine.pricing.operations import put_limits
from kamao.engine.pricing.types import ChannelLimit
from kamao.kernel.errors import Refusal
from tests.shops.support import AT, Street


def counts(preview: Any) -> tuple[int, ...]:
    return (preview.total, preview.joins, preview.leaves, preview.changes, preview.limited, preview.loses)


def test_the_first_listing(street: Street) -> None:
    everything = preview_rules(street.shop, [RuleDraft(markup_per_mille=30)], at=AT)
    assert counts(everything) == (len(street.offers), len(street.offers), 0, 0, 0, 0)
    assert not everything.is_partial
    assert (ListingChange.objects.count(), rules_of(street.shop)) == (0, [])


def test_an_edit_counts_changes_limits_and_losses(street: Street) -> None:
    rule = add_rules(street.shop, [RuleDraft(markup_per_mille=100)], actor=audit.SYSTEM, at=AT)[0]
    with cell_connection(LIVE) as raw:
        put_limits(
            raw,
            [
                ChannelLimit(
                    target_kind="sku", target=street.skus[code], effective_from=AT, floor_e4=10_000_000
                )
                for code in ("tencent-video-month", "tencent-video-year")
            ],
        )
    video = Category.objects.get(slug="video").id
    draft = RuleDraft(scope="category", scope_id=video, markup_per_mille=-100)
    told = preview_rules(street.shop, [draft], at=AT)
    size = told.total
    assert counts(told) == (size, 0, 0, size - 2, 2, size - 2)
    assert preview_words(told)[0] == f"0 新上架，0 下架，{size - 2} 变价，2 触控价，{size - 2} 会亏"
    before = {code: listing.unit_price_e4 for code, listing in priced(street).items()}
    add_rules(street.shop, [draft], actor=audit.SYSTEM, at=AT)
    after = priced(street)
    assert sum(before[code] != after[code].unit_price_e4 for code in before) == told.changes
    assert sum(listing.state == "below_cost" for listing in after.values()) == told.loses
    phone = preview_rules(street.shop, [RuleDraft(markup_per_mille=100)], at=AT, replaces=rule.key)
    assert (phone.changes, phone.joins) == (0, 0)


def priced(street: Street) -> dict[str, Any]:
    found = shop_listings(street.shop, [street.skus[code] for code in street.offers], at=AT)
    return {listing.goods.code: listing for listing in found}


def test_removing_a_rule(street: Street) -> None:
    rule = add_rules(street.shop, [RuleDraft()], actor=audit.SYSTEM, at=AT)[0]
    assert counts(preview_rules(street.shop, at=AT, replaces=rule.key))[1:3] == (0, len(street.offers))
    edit_rule(street.shop, rule.key, RuleDraft(lists=False), actor=audit.SYSTEM, at=AT)
    assert counts(preview_rules(street.shop, at=AT, replaces=rule.key))[1:3] == (0, 0)


def test_losses_are_shown_first(street: Street) -> None:
    told = preview_rules(street.shop, [RuleDraft(ceiling_e4=100_000)], at=AT)
    assert 0 < told.loses < told.total
    assert [sample.loses for sample in told.samples] == [True] * min(told.loses, 12) + [False] * max(
        12 - told.loses, 0
    )


def test_a_rule_of_another_shop_is_not_found(street: Street) -> None:
    with pytest.raises(Refusal, match="listing_not_found"):
        preview_rules(street.shop, at=AT, replaces=street.shop.id)
