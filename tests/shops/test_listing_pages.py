"""The listing pages of the merchant console: one-click listing with preview, undo, items, reasons, in both
languages.
"""

from typing import Any

import pytest
from django.test import Client
from django.utils import translation

from kamao.business.catalog.models import Category
from kamao.business.identity import audit
from kamao.business.shops.listing_rules import RuleDraft, add_rules, rules_of
from kamao.business.shops.models import ListingOverride, Shop
from tests.identity.factories import member
from tests.shops.support import AT, Street, organisation

RULE = {"scope": "everything", "effect": "list", "markup": "3", "rounding": "end_9", "follows": "on"}


@pytest.fixture
def browser(street: Street) -> Client:
    return browser_of(street.merchant, "operations")


def browser_of(org: Any, role: str, language: str = "zh-hans") -> Client:
    client = Client(headers={"accept-language": language})
    client.force_login(member(org, role), backend="django.contrib.auth.backends.ModelBackend")
    return client


def text(response: Any) -> str:
    assert response.status_code == 200, response.status_code
    return str(response.content.decode())


def test_one_click_listing_with_preview_then_undo(street: Street, browser: Client) -> None:
    assert browser.get("/merchant/listings/").headers["Location"] == "/merchant/listings/xiaodian/"
    assert "还没有上架商品" in text(browser.get("/merchant/listings/xiaodian/"))
    count = len(street.offers)
    fragment = text(
        browser.post("/merchant/listings/xiaodian/preview/", RULE, headers={"hx-request": "true"})
    )
    assert f"{count} 新上架，0 下架，0 变价，0 触控价，0 会亏" in fragment
    assert "<html" not in fragment
    assert rules_of(street.shop) == []
    told = text(browser.post("/merchant/listings/xiaodian/new/", {**RULE, "preview": "1"}))
    assert f"{count} 新上架" in told
    done = browser.post("/merchant/listings/xiaodian/new/", RULE)
    assert done.headers["Location"] == "/merchant/listings/xiaodian/"
    page = text(browser.get("/merchant/listings/xiaodian/"))
    assert "全部商品" in page
    assert "+3%" in page
    assert "以 .9 结尾" in page
    assert [(row.markup_per_mille, row.rounding) for row in rules_of(street.shop)] == [(30, "end_9")]
    browser.post("/merchant/listings/xiaodian/undo/", {"number": "1"})
    assert rules_of(street.shop) == []
    browser.post("/merchant/listings/xiaodian/undo/", {"number": "1"})
    assert rules_of(street.shop) == []


def test_a_rule_is_changed_and_removed(street: Street, browser: Client) -> None:
    video = Category.objects.get(slug="video")
    rule = add_rules(street.shop, [RuleDraft(scope="category", scope_id=video.id, markup_per_mille=100)],
                     actor=audit.SYSTEM, at=AT)[0]  # fmt: skip
    base = f"/merchant/listings/xiaodian/rules/{rule.key}/"
    assert 'value="10' in text(browser.get(base))
    changed = {
        **RULE,
        "scope": f"category:{video.id}",
        "markup": "12.5",
        "floor": "5",
        "closed": "23:00-07:00 12:00-13:00",
        "channel_0": "taobao",
        "channel_floor_0": "15",
    }
    browser.post(base, changed)
    stored = rules_of(street.shop)[0]
    assert (stored.key, stored.markup_per_mille, stored.floor_e4) == (rule.key, 125, 50_000)
    assert stored.closed_hours == ["23:00-07:00", "12:00-13:00"]
    assert stored.channel_limits == {"taobao": {"floor_e4": 150_000, "ceiling_e4": None}}
    assert 'value="12.5"' in text(browser.get(base))
    ask = text(browser.get(base + "remove/"))
    assert "下架" in ask
    assert rules_of(street.shop)
    browser.post(base + "remove/")
    assert rules_of(street.shop) == []
    assert browser.get(base).status_code == 404


@pytest.mark.parametrize(
    "wrong",
    [
        {"markup": "abc"},
        {"scope": "category:nope"},
        {"floor": "9", "ceiling": "5"},
        {"closed": "7-9"},
        {"rounding": "x"},
        {"floor": "-1"},
        {"floor": "1e30"},
        {"markup": "-100"},
    ],
)
def test_wrong_input_is_told_and_writes_nothing(
    street: Street, browser: Client, wrong: dict[str, str]
) -> None:
    page = text(browser.post("/merchant/listings/xiaodian/new/", {**RULE, **wrong}))
    assert 'class="field-error"' in page or "note-crimson" in page
    assert "note-amber" in text(browser.post("/merchant/listings/xiaodian/preview/", {**RULE, **wrong}))
    assert rules_of(street.shop) == []


def test_items_say_state_cost_and_profit(street: Street, browser: Client) -> None:
    add_rules(street.shop, [RuleDraft(markup_per_mille=100)], actor=audit.SYSTEM, at=AT)
    page = text(browser.get("/merchant/listings/xiaodian/items/?q=腾讯视频VIP月卡"))
    assert "腾讯视频VIP 月卡" in page
    assert "tencent-video-month" in page
    assert "在售" in page
    chosen = text(browser.get("/merchant/listings/xiaodian/items/?show=all"))
    assert chosen.count("data-item=") == 50
    assert 'rel="next"' in chosen


def test_one_item_explains_its_price_and_takes_an_override(street: Street, browser: Client) -> None:
    add_rules(street.shop, [RuleDraft(markup_per_mille=30, rounding="end_9")], actor=audit.SYSTEM, at=AT)
    url = "/merchant/listings/xiaodian/items/tencent-video-month/"
    page = text(browser.get(url))
    for words in ("价格由来", "我的进价", "加价 3%", "取整：以 .9 结尾", "利润"):
        assert words in page
    browser.post(url, {"price": "23.50", "title": "腾讯会员 <b>", "position": ""})
    assert ListingOverride.objects.count() == 0
    browser.post(url, {"price": "23.50", "title": "腾讯会员月卡", "position": "1", "hidden": ""})
    override = ListingOverride.objects.get()
    assert (override.price_e4, override.title, override.position, override.hidden) == (
        235_000,
        "腾讯会员月卡",
        1,
        False,
    )
    assert "单品改价" in text(browser.get(url))


def test_english(street: Street) -> None:
    add_rules(street.shop, [RuleDraft(markup_per_mille=30)], actor=audit.SYSTEM, at=AT)
    english = browser_of(street.merchant, "admin", "en")
    page = text(english.get("/merchant/listings/xiaodian/items/tencent-video-month/"))
    for words in ("Tencent Video VIP Month", "How the price comes about", "my cost", "markup 3%", "on sale"):
        assert words in page
    assert "One-click listing" in text(english.get("/merchant/listings/xiaodian/"))
    translation.deactivate()


@pytest.mark.parametrize("path", ["", "new/", "items/", "items/tencent-video-month/"])
def test_another_merchants_shop_is_404_and_strangers_sign_in(street: Street, path: str) -> None:
    other = browser_of(organisation("merchant", "别家"), "admin")
    assert other.get(f"/merchant/listings/xiaodian/{path}").status_code == 404
    assert other.post("/merchant/listings/xiaodian/new/", RULE).status_code == 404
    assert Client().get(f"/merchant/listings/xiaodian/{path}").status_code == 302
    assert rules_of(street.shop) == []


@pytest.mark.parametrize("role", ["support", "finance", "purchasing"])
def test_roles_without_listings_are_refused(street: Street, role: str) -> None:
    browser = browser_of(street.merchant, role)
    assert browser.get("/merchant/listings/xiaodian/").status_code == 403
    assert browser.post("/merchant/listings/xiaodian/new/", RULE).status_code == 403
    assert rules_of(street.shop) == []


def test_a_merchant_without_a_shop_opens_one(street: Street) -> None:
    browser = browser_of(organisation("merchant", "新商户"), "admin")
    assert "开店" in text(browser.get("/merchant/listings/"))
    assert "field-error" in text(browser.post("/merchant/listings/", {"name": "新店", "slug": "xiaodian"}))
    assert (
        browser.post("/merchant/listings/", {"name": "新店", "slug": "xindian"}).headers["Location"]
        == "/merchant/listings/xindian/new/"
    )
    assert Shop.objects.get(slug="xindian").name == "新店"


def test_unknown_items_and_rules_are_404(street: Street, browser: Client) -> None:
    assert browser.get("/merchant/listings/xiaodian/items/no-such-sku/").status_code == 404
    assert browser.get(f"/merchant/listings/xiaodian/rules/{street.shop.id}/").status_code == 404
    assert browser.post("/merchant/listings/xiaodian/preview/", {**RULE, "rule": "x"}).status_code == 404
