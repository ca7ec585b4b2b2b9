"""Search finds what buyers mean, however they type it."""

from typing import Any

import pytest

from kamao.business.catalog.filters import SkuFilter
from kamao.business.catalog.loading import LoadReport
from kamao.business.catalog.models import Category, Sku
from kamao.business.catalog.search import find_skus, suggest

pytestmark = pytest.mark.usefixtures("library")


def codes(query: str, limit: int = 20, **filters: Any) -> list[str]:
    found = find_skus(query, filters=SkuFilter(**filters), limit=limit)
    names = dict(Sku.objects.values_list("id", "code"))
    return [names[hit.sku_id] for hit in found]


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("腾讯视频VIP月卡", "tencent-video-month"),
        ("腾讯视频会员 月卡", "tencent-video-month"),
        ("騰訊視頻VIP月卡", "tencent-video-month"),
        ("ＶＩＰ　腾讯视频　月卡", "tencent-video-month"),
        ("tengxunshipin vip yueka", "tencent-video-month"),
        ("txspvipyk", "tencent-video-month"),
        ("txsp月卡", "tencent-video-month"),
        ("tengxun月卡", "tencent-video-month"),
        ("teng xun shi pin yue ka", "tencent-video-month"),
        ("腾迅视频月卡", "tencent-video-month"),
        ("腾讯视屏", "tencent-video-month"),
        ("tengxunshiping", "tencent-video-month"),
        ("tencent vidoe month", "tencent-video-month"),
        ("Tencent Video month", "tencent-video-month"),
        ("爱奇异黄金", "iqiyi-gold-month"),
        ("aqy", "iqiyi-gold-month"),
        ("iqiyi gold", "iqiyi-gold-month"),
        ("iqyi gold", "iqiyi-gold-month"),
        ("网易云", "netease-music-month"),
        ("wangyiyun", "netease-music-month"),
        ("QQ音乐绿钻", "qq-music-month"),
        ("qqyy", "qq-music-month"),
        ("移动话费 50", "china-mobile-credit-50"),
        ("50元 移动话费", "china-mobile-credit-50"),
        ("yidonghuafei100", "china-mobile-credit-100"),
        ("100q币", "qq-coin-100-coins"),
        ("qb 100", "qq-coin-100-coins"),
        ("steam 50", "steam-wallet-50"),
        ("staem", "steam-wallet-50"),
        ("蒸汽平台", "steam-wallet-50"),
        ("王者荣跃", "honor-of-kings-60-tokens"),
        ("wzry", "honor-of-kings-60-tokens"),
        ("王者容耀点券", "honor-of-kings-60-tokens"),
        ("b站大会员", "bilibili-month"),
        ("京东e卡 100", "jd-e-card-100"),
        ("yuanshen", "genshin-crystals-60-crystals"),
        ("genshn", "genshin-crystals-60-crystals"),
        ("北京电费", "electricity-beijing-100"),
        ("瑞星咖啡", "luckin-15"),
        ("mcdonald's", "mcdonalds-25"),
        ("win11", "windows-11-pro-perpetual"),
        ("腾讯视频 一个月", "tencent-video-month"),
        ("starbuck", "starbucks-card-50"),
        ("星巴克拿铁", "starbucks-latte-32"),
    ],
)
def test_finds(typed: str, expected: str) -> None:
    found = codes(typed, limit=60)
    product = expected.rsplit("-", 1)[0]
    assert expected in found
    first = Sku.objects.get(code=found[0])
    assert first.product_id == Sku.objects.get(code=expected).product_id or found[0].startswith(product), (
        found[:5]
    )


@pytest.mark.parametrize(
    ("typed", "first"),
    [
        ("腾讯视频VIP月卡", "tencent-video-month"),
        ("中国移动话费100元", "china-mobile-credit-100"),
        ("移动话费 50", "china-mobile-credit-50"),
        ("tencent video month", "tencent-video-month"),
        ("steam钱包充值卡 50元", "steam-wallet-50"),
        ("100q币", "qq-coin-100-coins"),
    ],
)
def test_the_exact_name_comes_first(typed: str, first: str) -> None:
    assert codes(typed)[0] == first


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "   ",
        "!!!",
        "\x00",
        "zzzzqqqq",
        "不存在的东西喵呜",
        "'; DROP TABLE catalog_sku; --",
        "%",
        "a & b | !",
        "🐱",
    ],
)
def test_nonsense_finds_nothing_or_little_and_never_fails(typed: str) -> None:
    assert len(codes(typed)) <= 20
    assert Sku.objects.count() == 666


@pytest.mark.parametrize("typed", ["zzzzqqqq", "不存在的东西喵呜"])
def test_what_is_not_there_is_not_found(typed: str) -> None:
    assert codes(typed) == []


def test_filters_narrow() -> None:
    video = Category.objects.get(slug="video")
    assert {
        Sku.objects.get(code=code).category_id for code in codes("会员", limit=60, category_id=video.id)
    } == {video.id}
    assert all(Sku.objects.get(code=code).kind == "topup" for code in codes("腾讯", limit=60, kind="topup"))
    month = codes("腾讯视频", limit=60, duration_min_days=28, duration_max_days=31)
    assert month
    assert all("month" in code for code in month)


def test_suggestions_are_products(library: LoadReport) -> None:
    assert suggest("txsp")[0].slug == "tencent-video-vip"
    assert suggest("steam")[0].name_zh == "Steam钱包充值卡"
    assert suggest("") == []
