"""The library is loaded whole, found again, snapshotted, and known to both engines."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection

from kamao.business.catalog.loading import LoadReport, load_rows
from kamao.business.catalog.models import Brand, Category, Product, Sku, SkuPromise
from kamao.business.catalog.promises import promise_content
from kamao.business.catalog.rows import parse_rows, read_csv
from kamao.business.catalog.templates import CATALOGUE

AT = datetime(2026, 3, 1, 4, 0, tzinfo=UTC)


def rows_of(schema: str) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT code, kind, status, max_quantity, promise_id FROM {schema}.pricing_sku ORDER BY code"
        )
        return cursor.fetchall()


def test_demo_catalogue_loads_whole(library: LoadReport) -> None:
    assert (library.created, library.unknown_forms) == (666, ())
    assert (Sku.objects.count(), Category.objects.count()) == (666, 11)
    month = Sku.objects.select_related("product", "brand", "category", "after_sales").get(
        code="tencent-video-month"
    )
    assert (month.product.name_zh, month.variant_zh, month.brand.name_en) == (
        "腾讯视频VIP",
        "月卡",
        "Tencent Video",
    )
    assert (month.official_price_e4, month.duration_days, month.warranty_days) == (300_000, 31, 30)
    assert (month.instrument, month.after_sales.slug, month.kind) == ("membership", "code", "code")
    assert month.howto_zh.startswith("打开官方 App")
    assert month.redeem_url == "https://film.qq.com/duihuan.html"
    assert [scene.slug for scene in month.product.scenes.all()] == ["leisure"]


def test_topups_have_forms_and_rules(library: LoadReport) -> None:
    credit = Sku.objects.select_related("topup_form").get(code="china-unicom-credit-100")
    assert (credit.topup_form.slug, credit.target_rules, credit.promise_s) == (
        "phone",
        {"carriers": ["unicom"]},
        600,
    )
    assert (credit.face_value_e4, credit.face_currency) == (1_000_000, "CNY")
    meter = Sku.objects.get(code="electricity-beijing-100")
    assert (meter.target_rules, meter.promise_s) == ({"provinces": ["beijing"]}, 86_400)
    genshin = Sku.objects.select_related("topup_form").get(code="genshin-crystals-60-crystals")
    assert (genshin.topup_form.slug, genshin.instrument) == ("game-genshin", "game_currency")


def test_ranged_sku_is_sold_by_units_of_face_value(library: LoadReport) -> None:
    ranged = Sku.objects.get(code="china-mobile-credit-any")
    assert ranged.ranged
    assert (ranged.face_value_e4, ranged.min_quantity, ranged.max_quantity, ranged.multiple) == (
        10_000,
        10,
        500,
        1,
    )


@pytest.mark.parametrize("schema", ["ref_live", "ref_test"])
def test_both_engines_know_every_sku(library: LoadReport, schema: str) -> None:
    rows = rows_of(schema)
    assert len(rows) == 666
    known = {row[0]: row[1:] for row in rows}
    promise = SkuPromise.objects.get(sku__code="tencent-video-month")
    assert known["tencent-video-month"] == ("code", "active", 100, promise.id)
    assert known["china-mobile-credit-any"][2] == 500


def test_loading_again_changes_nothing(writable: LoadReport) -> None:
    library = writable
    rows, _ = parse_rows(read_csv(CATALOGUE))
    again = load_rows(rows, at=AT + timedelta(days=1))
    assert (again.created, again.changed, again.skus) == (0, 0, library.skus)
    assert SkuPromise.objects.count() == 666
    assert not Sku.objects.filter(updated_at__gt=AT).exists()


def test_a_changed_promise_is_a_new_version_and_the_old_one_stays(writable: LoadReport) -> None:
    old = SkuPromise.objects.get(sku__code="tencent-video-month")
    rows, _ = parse_rows(
        [
            {**record, "warranty_days": "90"}
            for record in read_csv(CATALOGUE)
            if record["code"] == "tencent-video-month"
        ]
    )
    report = load_rows(rows, at=AT + timedelta(days=1))
    assert (report.created, report.changed) == (0, 1)
    new = SkuPromise.objects.get(sku__code="tencent-video-month", number=2)
    assert (promise_content(old.id) or {})["warranty_days"] == 30
    assert (promise_content(new.id) or {})["warranty_days"] == 90
    assert {row[0]: row[4] for row in rows_of("ref_live")}["tencent-video-month"] == new.id


def test_a_price_change_alone_makes_no_new_promise(writable: LoadReport) -> None:
    rows, _ = parse_rows(
        [
            {**record, "official_price": "31.50"}
            for record in read_csv(CATALOGUE)
            if record["code"] == "tencent-video-month"
        ]
    )
    assert load_rows(rows, at=AT).changed == 1
    assert SkuPromise.objects.filter(sku__code="tencent-video-month").count() == 1
    assert Sku.objects.get(code="tencent-video-month").official_price_e4 == 315_000


def test_a_plain_sheet_without_codes_gets_readable_ones(db: Any) -> None:
    rows, refused = parse_rows(
        [
            {
                "category": "视频会员",
                "brand": "腾讯视频",
                "product": "腾讯视频VIP",
                "variant": "月卡",
                "kind": "code",
                "official_price": "30.00",
                "currency": "CNY",
                "region": "中国大陆",
                "topup_form": "",
                "warranty_days": "30",
            },
            {"category": "新品类", "brand": "", "product": "Foo Bar", "variant": "", "kind": "licence"},
            {"category": "新品类", "brand": "", "product": "foo bar!", "variant": "", "kind": "licence"},
        ]
    )
    assert refused == []
    report = load_rows(rows, at=AT)
    assert report.created == 3
    assert sorted(Sku.objects.values_list("code", flat=True)) == [
        "foo-bar",
        "foo-bar-2",
        "tengxunshipin-vip-yueka",
    ]
    assert Category.objects.get(name_zh="新品类").slug == "xinpinlei"
    assert Product.objects.filter(brand=None).count() == 2
    assert Brand.objects.count() == 1


@pytest.mark.parametrize(
    ("cells", "zh"),
    [
        ({"product": ""}, "缺少品类或商品名"),
        ({"kind": "gift"}, "未知类型“gift”"),
        ({"official_price": "abc"}, "价格“abc”不是数字"),
        ({"official_price": "-1"}, "价格“-1”超出范围"),
        ({"currency": "ZZZ"}, "未知币种“ZZZ”"),
        ({"code": "A b"}, "编码“A b”不合规则"),
        ({"min_quantity": "1.5"}, "“1.5”不是整数"),
        ({"official_on": "1.1.2026"}, "日期应为 YYYY-MM-DD"),
        ({"product": "x" * 97}, "名称过长（最多 96 字）"),
    ],
)
def test_bad_rows_are_refused_with_their_line(cells: dict[str, str], zh: str) -> None:
    good = {"category": "c", "brand": "b", "product": "p", "variant": "v", "kind": "code"}
    taken, refused = parse_rows([good, {**good, **cells}])
    assert [(row.line, row.zh) for row in refused] == [(3, zh)]
    assert len(taken) == 1
