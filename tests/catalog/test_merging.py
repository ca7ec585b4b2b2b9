"""Merge and split move SKUs between products; orders, promises and old addresses stay good."""

from datetime import UTC, datetime
from typing import Any

import pytest

from kamao.business.catalog.loading import LoadReport, load_rows
from kamao.business.catalog.merging import find_product, merge_products, split_product
from kamao.business.catalog.models import Product, Sku, SkuPromise
from kamao.business.catalog.rows import parse_rows, read_csv
from kamao.business.catalog.search import find_skus
from kamao.business.catalog.templates import CATALOGUE
from kamao.business.identity import audit
from kamao.kernel.errors import Refusal

AT = datetime(2026, 3, 5, 4, 0, tzinfo=UTC)


def product(name: str) -> Product:
    return Product.objects.get(name_zh=name)


def found(query: str) -> set[Any]:
    return {Sku.objects.get(id=hit.sku_id).code for hit in find_skus(query, limit=60)}


def test_a_merge_keeps_skus_promises_and_addresses(writable: LoadReport) -> None:
    topup, code = product("腾讯视频VIP 直充"), product("腾讯视频VIP")
    sku = Sku.objects.get(code="tencent-video-topup-month")
    old_promise = SkuPromise.objects.get(sku=sku)
    merge_products(topup.id, code.id, actor=audit.SYSTEM, at=AT)
    assert Sku.objects.filter(product=code).count() == 10
    assert Sku.objects.get(code="tencent-video-topup-month").id == sku.id
    assert SkuPromise.objects.get(id=old_promise.id).content["product_zh"] == "腾讯视频VIP 直充"
    assert SkuPromise.objects.get(sku=sku, number=2).content["product_zh"] == "腾讯视频VIP"
    moved = find_product(topup.slug)
    assert moved is not None
    assert moved.id == code.id
    assert "tencent-video-topup-month" in found("腾讯视频VIP直充")


def test_a_merged_name_is_not_made_again_by_the_next_load(writable: LoadReport) -> None:
    merge_products(product("腾讯视频VIP 直充").id, product("腾讯视频VIP").id, actor=audit.SYSTEM, at=AT)
    report = load_rows(parse_rows(read_csv(CATALOGUE))[0], at=AT)
    assert report.created == 0
    assert Sku.objects.get(code="tencent-video-topup-month").product.name_zh == "腾讯视频VIP"
    assert product("腾讯视频VIP").aliases


def test_redirects_follow_a_second_merge(writable: LoadReport) -> None:
    first, second, third = product("芒果TV会员 直充"), product("芒果TV会员"), product("芒果TV全屏会员")
    merge_products(first.id, second.id, actor=audit.SYSTEM, at=AT)
    merge_products(second.id, third.id, actor=audit.SYSTEM, at=AT)
    for slug in (first.slug, second.slug, third.slug):
        moved = find_product(slug)
        assert moved is not None
        assert moved.id == third.id
    assert find_product("nothing-here") is None


def test_a_split_makes_a_product_of_some_skus(writable: LoadReport) -> None:
    old = product("腾讯视频VIP")
    year = Sku.objects.get(code="tencent-video-year")
    new = split_product(
        old.id,
        [year.id],
        name_zh="腾讯视频VIP 年费",
        name_en="Tencent Video yearly",
        actor=audit.SYSTEM,
        at=AT,
    )
    assert new.slug == "tencent-video-yearly"
    assert Sku.objects.get(id=year.id).product_id == new.id
    assert Sku.objects.filter(product=old).count() == 4
    assert found("腾讯视频VIP年费") == {"tencent-video-year"}


def test_merges_and_splits_that_make_no_sense_are_refused(writable: LoadReport) -> None:
    old, other = product("腾讯视频VIP"), product("优酷VIP")
    everything = list(Sku.objects.filter(product=old).values_list("id", flat=True))
    stranger = Sku.objects.filter(product=other).first()
    assert stranger is not None
    for call in (
        lambda: merge_products(old.id, old.id, actor=audit.SYSTEM, at=AT),
        lambda: merge_products(old.id, stranger.id, actor=audit.SYSTEM, at=AT),
        lambda: split_product(old.id, everything, name_zh="新", actor=audit.SYSTEM, at=AT),
        lambda: split_product(old.id, [], name_zh="新", actor=audit.SYSTEM, at=AT),
        lambda: split_product(old.id, [stranger.id], name_zh="新", actor=audit.SYSTEM, at=AT),
        lambda: split_product(
            old.id, everything[:1], name_zh="腾讯视频超级影视SVIP", actor=audit.SYSTEM, at=AT
        ),
    ):
        with pytest.raises(Refusal):
            call()
    assert Sku.objects.filter(product=old).count() == 5
