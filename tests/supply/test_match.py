"""Matching: every row of the sample sheets, rewritten rows that must match, spoilt rows that never may."""

from random import Random

import pytest

from kamao.business.supply.sheets.index import SkuIndex
from kamao.business.supply.sheets.library import LibrarySku
from kamao.business.supply.sheets.match import RowTitle, match_row
from tests.supply.library import sample_library
from tests.supply.mutate import spell, spoil


@pytest.fixture(scope="module")
def library() -> list[LibrarySku]:
    return sample_library()


@pytest.fixture(scope="module")
def index(library: list[LibrarySku]) -> SkuIndex:
    return SkuIndex(library)


def test_every_sku_matches_its_own_name(library, index):
    for sku in library:
        assert match_row(RowTitle(name=f"{sku.brand} {sku.product} {sku.variant}"), index).sku == sku
        own = RowTitle(name=sku.product, spec=sku.variant, brand=sku.brand, kinds=frozenset({sku.kind}))
        assert match_row(own, index).sku == sku


@pytest.mark.parametrize("seed", range(4))
def test_rewritten_rows_match_by_themselves_and_never_wrongly(seed, library, index):
    rng = Random(seed)
    missed = []
    rows = [(sku, spell(sku, rng)) for sku in rng.choices(library, k=1000)]
    for sku, row in rows:
        match = match_row(row, index)
        assert match.sku is None or match.sku == sku, (row, match)
        if match.sku is None:
            missed.append((sku.title, row, match.reason))
    assert len(missed) <= 0.02 * len(rows), missed


@pytest.mark.parametrize("seed", range(4))
def test_spoilt_rows_are_never_matched(seed, library, index):
    rng = Random(1000 + seed)
    for sku in rng.choices(library, k=1000):
        row = spoil(sku, rng)
        match = match_row(row, index)
        assert match.sku is None, (sku.title, row, match.sku and match.sku.title)
        assert match.reason != "matched"


AS_WRITTEN = [
    ("腾讯视频VIP月卡(手机直充)", "腾讯视频VIP 直充|月卡"),
    ("【官方直充】优酷VIP会员 年卡（12个月）", "优酷VIP 直充|年卡"),
    ("B站大会员年卡 CDK", "哔哩哔哩大会员|年卡"),
    ("爱奇艺黄金会员 30天", "爱奇艺黄金VIP|月卡"),
    ("100元移动话费", "中国移动话费|100元"),
    ("话费100元 联通", "中国联通话费|100元"),
    ("电信话费快充100", "中国电信话费|100元"),
    ("移动全国流量10G月包", "中国移动国内流量|10GB月包"),
    ("联通流量10GB/月", "中国联通国内流量|10GB月包"),
    ("国网北京电费100元", "北京电费|100元"),
    ("Q币 100个", "Q币|100Q币"),
    ("腾讯QB 100", "Q币|100Q币"),
    ("原神60创世结晶", "原神创世结晶|60结晶"),
    ("王者荣耀60点券", "王者荣耀点券|60点券"),
    ("京东E卡（电子卡）500元", "京东E卡|500元"),
    ("京东e卡 ¥1,000.00", "京东E卡|1000元"),
    ("Windows11专业版永久激活码", "Windows 11 专业版|永久"),
    ("Microsoft365个人版 12个月", "Microsoft 365 个人版|1年"),
    ("卡巴斯基安全软件 1年3台", "卡巴斯基安全软件|1年3设备"),
    ("百度网盘SVIP会员 月卡", "百度网盘超级会员|月"),
    ("网易云黑胶VIP年卡", "网易云音乐黑胶VIP|年卡"),
    ("任天堂eShop点卡200元", "Nintendo eShop点卡|200元"),
    ("KFC代金券30元", "肯德基代金券|30元"),
]
TRAPS = [
    "爱奇艺VIP月卡", "腾讯视频VIP连续包月", "腾讯视频VIP月卡*2", "腾讯视频VIP 2张月卡", "腾讯视频VIP月卡 新用户专享", "腾讯视频VIP月卡+QQ音乐月卡",
    "广东移动话费100元", "三网话费100元", "移动话费慢充100元", "移动话费100-500元", "移动省内流量10GB月包", "移动流量10GB日包", "移动流量10GB",
    "电费100元", "湖南电费100元", "北京水费100元", "Q币 100元", "Q币", "100", "QQ音乐绿钻月卡", "QQ音乐豪华绿钻", "网易云音乐黑胶SVIP年卡",
    "京东E卡", "京东E卡550元", "京东礼品卡100元", "Steam钱包充值卡 200港币", "港服Steam钱包充值卡200元", "Steam钱包充值卡 $20", "Xbox点卡100元",
    "PlayStation港服钱包充值卡 200元", "Windows 10 专业版 永久", "Office 2021 家庭与学生版 永久", "卡巴斯基安全软件 1年5台", "卡巴斯基安全软件 3年1台",
    "优酷VIP月卡 体验", "优酷少儿VIP月卡", "芒果TV全屏月卡 学生", "王者荣耀61点券", "王者荣耀点券", "原神空月祝福", "腾讯视频VIP半月卡", "腾讯视频VIP 1.5个月",
    "美团外卖红包券15元", "猫眼电影通兑券 50元", "星巴克大杯拿铁券 32元", "全家便利店代金券 5-10元", "蜜雪冰城代金券", "Excel 数据分析实战课 训练营",
]  # fmt: skip


@pytest.mark.parametrize(("title", "code"), AS_WRITTEN)
def test_titles_as_suppliers_write_them(title, code, index):
    match = match_row(RowTitle(title), index)
    assert (match.sku and match.sku.code, match.reason) == (code, "matched")


@pytest.mark.parametrize("title", TRAPS)
def test_titles_that_mean_something_else_or_not_enough(title, index):
    match = match_row(RowTitle(title), index)
    assert (match.sku and match.sku.code) is None
    assert match_row(RowTitle(title, kinds=frozenset({"topup"})), index).sku is None


def test_a_slow_top_up_is_no_ordinary_one(index):
    assert (
        match_row(RowTitle("移动话费100元", kinds=frozenset({"slow_topup"})), index).reason == "kind_differs"
    )
