"""What a shop shows: rules resolved when read, prices that follow cost, goods that hide and come back."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from kamao.business.catalog.filters import SkuFilter
from kamao.business.catalog.models import Category, Sku
from kamao.business.engine_bridge import cell_connection
from kamao.business.identity import audit
from kamao.business.shops.listing_rules import (
    RuleDraft,
    add_rules,
    edit_rule,
    remove_rule,
    rules_of,
    undo_last,
)
from kamao.business.shops.operations import Override, put_overrides
from kamao.business.shops.pages import shop_listings, shop_page
from kamao.engine.cells import LIVE
from kamao.engine.pricing.operations import put_limits
from kamao.engine.pricing.types import ChannelLimit
from kamao.kernel.errors import Refusal
from tests.shops.support import AT, Street

MONTH = "tencent-video-month"
"""Official price 30.00, offered at 21.00."""


def lists(street: Street, **draft: Any) -> Any:
    return add_rules(street.shop, [RuleDraft(**draft)], actor=audit.SYSTEM, at=AT)[0]


def listing(street: Street, code: str = MONTH, at: datetime = AT, channel: str = "shop") -> Any:
    return shop_listings(street.shop, [street.skus[code]], at=at, sales_channel=channel)[0]


def codes(street: Street, at: datetime = AT, **asked: Any) -> list[str]:
    return [row.goods.code for row in shop_page(street.shop, at=at, **asked).listings]


def test_one_row_lists_everything_that_has_an_offer(street: Street) -> None:
    assert codes(street) == []
    lists(street, markup_per_mille=100, rounding="end_9")
    seen: list[str] = []
    cursor = ""
    while True:
        page = shop_page(street.shop, at=AT, cursor=cursor, limit=50)
        seen += [row.goods.code for row in page.listings]
        cursor = page.next_cursor
        if not cursor:
            break
    assert sorted(seen) == sorted(street.offers)
    weights = dict(Sku.objects.values_list("code", "weight"))
    assert [weights[code] for code in seen] == sorted((weights[code] for code in seen), reverse=True)
    assert len(rules_of(street.shop)) == 1


def test_a_price_explains_itself_from_the_merchants_own_cost(street: Street) -> None:
    lists(street, markup_per_mille=30, rounding="end_9")
    row = listing(street)
    assert (row.state, row.cost_e4, row.unit_price_e4, row.stock) == (
        "on_sale",
        210_000,
        219_000,
        "unlimited",
    )
    assert [step.code for step in row.retail.steps] == ["cost", "markup", "rounding"]
    assert row.chain_prices_e4 == (210_000, 219_000)


def test_prices_follow_cost(street: Street) -> None:
    lists(street, markup_per_mille=100)
    assert listing(street).unit_price_e4 == 231_000
    street.offer(MONTH, 200_000)
    assert listing(street).unit_price_e4 == 220_000


def test_a_cost_change_in_the_future_waits(street: Street) -> None:
    lists(street)
    tomorrow = AT + timedelta(days=1)
    street.offer(MONTH, 250_000, effective_from=tomorrow)
    assert listing(street).unit_price_e4 == 210_000
    assert listing(street, at=tomorrow).unit_price_e4 == 250_000


def test_unsellable_items_hide_and_come_back(street: Street) -> None:
    lists(street)
    assert MONTH in codes(street, query="腾讯视频VIP月卡")
    street.offer(MONTH, 210_000, status="paused")
    assert MONTH not in codes(street, query="腾讯视频VIP月卡")
    assert listing(street).state == "no_offer"
    street.offer(MONTH, 210_000)
    assert MONTH in codes(street, query="腾讯视频VIP月卡")


def test_goods_without_stock_are_not_shown(street: Street) -> None:
    lists(street)
    street.offer(MONTH, 210_000, fulfilment="stock")
    assert listing(street).state == "out_of_stock"
    assert listing(street).unit_price_e4 == 210_000
    assert MONTH not in codes(street, query="腾讯视频VIP月卡")


def test_rules_by_category_scene_brand_supplier_and_sku(street: Street) -> None:
    video = Category.objects.get(slug="video")
    sku = Sku.objects.get(code=MONTH)
    for scope, scope_id in (("category", video.id), ("scene", sku.scene_ids[0]), ("brand", sku.brand_id),
                            ("supplier", street.supplier.id), ("sku", sku.id)):  # fmt: skip
        rule = lists(street, scope=scope, scope_id=scope_id)
        found = codes(street, limit=60)
        assert MONTH in found, scope
        assert ("china-mobile-credit-100" in found) is (scope == "supplier"), scope
        remove_rule(street.shop, rule.key, actor=audit.SYSTEM, at=AT)
        assert codes(street) == []


def test_a_rule_keeps_goods_out(street: Street) -> None:
    lists(street)
    lists(street, lists=False, scope="category", scope_id=Category.objects.get(slug="phone").id)
    found = codes(street, limit=60)
    assert found
    assert not any(code.startswith("china-") for code in found)
    assert listing(street, "china-mobile-credit-100").state == "not_listed"


def test_the_narrower_rule_prices(street: Street) -> None:
    lists(street, markup_per_mille=500)
    lists(street, markup_per_mille=100, scope="category", scope_id=Category.objects.get(slug="video").id)
    assert listing(street).unit_price_e4 == 231_000
    assert listing(street, "china-mobile-credit-100").unit_price_e4 == 1_050_000


def test_overrides_of_price_title_and_place(street: Street) -> None:
    lists(street)
    last = codes(street, limit=60)[-1]
    put_overrides(street.shop, [Override(sku=street.skus[last], title="店长推荐", position=1),
                                Override(sku=street.skus[MONTH], price_e4=299_000, hidden=True)],
                  actor=audit.SYSTEM, at=AT)  # fmt: skip
    page = shop_page(street.shop, at=AT).listings
    assert (page[0].goods.code, page[0].title) == (last, "店长推荐")
    assert [row.goods.code for row in page].count(last) == 1
    row = listing(street)
    assert (row.state, row.unit_price_e4, row.retail.steps[0].code) == ("hidden", 299_000, "override")
    assert MONTH not in codes(street, query="腾讯视频VIP月卡")
    put_overrides(street.shop, [Override(sku=street.skus[MONTH])], actor=audit.SYSTEM, at=AT)
    assert listing(street).state == "on_sale"


def test_below_cost_is_not_sold(street: Street) -> None:
    lists(street, ceiling_e4=200_000)
    row = listing(street)
    assert (row.state, row.unit_price_e4) == ("below_cost", 200_000)
    assert MONTH not in codes(street, query="腾讯视频VIP月卡")


def test_resale_control_of_the_channel_holds_for_everyone(street: Street) -> None:
    lists(street)
    with cell_connection(LIVE) as raw:
        put_limits(
            raw,
            [
                ChannelLimit(
                    target_kind="sku",
                    target=street.skus[MONTH],
                    effective_from=AT,
                    floor_e4=280_000,
                    sales_channel="taobao",
                )
            ],
        )
    assert listing(street, channel="taobao").unit_price_e4 == 280_000
    assert listing(street, channel="taobao").retail.limited
    assert listing(street, channel="shop").unit_price_e4 == 210_000


def test_prohibited_hours_are_in_the_shops_own_zone(street: Street) -> None:
    lists(street, closed_hours=("22:00-06:00",))
    assert (
        listing(street, at=datetime(2026, 3, 2, 15, 0, tzinfo=UTC)).state == "closed_hours"
    )  # 23:00 in Shanghai
    assert listing(street, at=datetime(2026, 3, 2, 13, 0, tzinfo=UTC)).state == "on_sale"
    assert codes(street, at=datetime(2026, 3, 2, 15, 0, tzinfo=UTC)) == []


def test_new_goods_join_only_if_the_rule_says_so(street: Street) -> None:
    rule = lists(street, follows_new=False)
    Sku.objects.filter(code=MONTH).update(created_at=AT + timedelta(days=1))
    assert listing(street).state == "not_listed"
    assert MONTH not in codes(street, query="腾讯视频VIP月卡")
    edit_rule(street.shop, rule.key, RuleDraft(follows_new=True), actor=audit.SYSTEM, at=AT)
    assert listing(street).state == "on_sale"


def test_undo_restores_prices_and_can_be_undone(street: Street) -> None:
    rule = lists(street, markup_per_mille=100)
    edit_rule(street.shop, rule.key, RuleDraft(markup_per_mille=200), actor=audit.SYSTEM, at=AT)
    assert listing(street).unit_price_e4 == 252_000
    undo_last(street.shop, 2, actor=audit.SYSTEM, at=AT)
    assert listing(street).unit_price_e4 == 231_000
    assert [row.key for row in rules_of(street.shop)] == [rule.key]
    undo_last(street.shop, 3, actor=audit.SYSTEM, at=AT)
    assert listing(street).unit_price_e4 == 252_000
    with pytest.raises(Refusal, match="nothing_to_undo"):
        undo_last(street.shop, 2, actor=audit.SYSTEM, at=AT)
    assert listing(street).unit_price_e4 == 252_000


def test_undo_of_a_listing_and_of_a_removal(street: Street) -> None:
    rule = lists(street)
    undo_last(street.shop, 1, actor=audit.SYSTEM, at=AT)
    assert codes(street) == []
    undo_last(street.shop, 2, actor=audit.SYSTEM, at=AT)
    assert MONTH in codes(street, query="腾讯视频VIP月卡")
    remove_rule(street.shop, rule.key, actor=audit.SYSTEM, at=AT)
    undo_last(street.shop, 4, actor=audit.SYSTEM, at=AT)
    assert MONTH in codes(street, query="腾讯视频VIP月卡")


def test_price_orders_are_exact_and_paged(street: Street) -> None:
    lists(street, markup_per_mille=100)
    video = SkuFilter(category_id=Category.objects.get(slug="video").id)
    first = shop_page(street.shop, at=AT, filters=video, order="price_asc", limit=40)
    second = shop_page(
        street.shop, at=AT, filters=video, order="price_asc", limit=40, cursor=first.next_cursor
    )
    prices = [row.unit_price_e4 for row in (*first.listings, *second.listings)]
    assert prices == sorted(prices)
    assert len({row.goods.id for row in (*first.listings, *second.listings)}) == 80
    dearest = shop_page(street.shop, at=AT, filters=video, order="price_desc", limit=1).listings[0]
    assert dearest.unit_price_e4 == max(
        row.unit_price_e4
        for row in shop_listings(
            street.shop,
            [
                street.skus[code]
                for code in street.offers
                if Sku.objects.get(code=code).category.slug == "video"
            ],
            at=AT,
        )
    )


@pytest.mark.parametrize("cursor", ["x", "!!!", "W10", "WzEsMiwzXQ", "A" * 500, "eyJhIjoxfQ"])
def test_a_malformed_cursor_starts_at_the_first_page(street: Street, cursor: str) -> None:
    lists(street)
    assert codes(street, cursor=cursor) == codes(street)


@pytest.mark.parametrize(
    ("draft", "pointer"),
    [
        ({"scope": "category"}, "/scope"),
        ({"rounding": "up"}, "/rounding"),
        ({"markup_per_mille": 10**6}, "/markup_per_mille"),
        ({"floor_e4": 2, "ceiling_e4": 1}, "/floor_e4"),
        ({"closed_hours": ("7-9",)}, "/closed_hours"),
        ({"official_ceiling_per_mille": 0}, "/official_ceiling_per_mille"),
    ],
)
def test_a_rule_that_cannot_work_is_refused_and_nothing_is_written(
    street: Street, draft: dict[str, Any], pointer: str
) -> None:
    with pytest.raises(Refusal) as refused:
        lists(street, **draft)
    assert [row[0] for row in refused.value.pointers] == [pointer]
    street.shop.refresh_from_db()
    assert (street.shop.change_no, rules_of(street.shop)) == (0, [])
