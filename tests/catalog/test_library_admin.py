"""The library in the back office: who may edit, and that an edit reaches search, promises and engines."""

from typing import Any

import pytest
from django.db import connection
from django.test import Client

from kamao.business.catalog.loading import LoadReport
from kamao.business.catalog.models import Product, Sku, SkuPromise, TopupForm
from kamao.business.catalog.search import find_skus
from kamao.business.identity.models import AuditEntry
from tests.identity.factories import member
from tests.identity.factories import organisation as make
from tests.portals.consoles.conftest import Browser


@pytest.fixture
def staff(writable: LoadReport) -> Any:
    return Browser(member(make("operator", "Node"), "admin"))


MODELS = (
    "category",
    "brand",
    "scene",
    "product",
    "sku",
    "topupform",
    "aftersalestemplate",
    "skupromise",
    "searchmiss",
)


@pytest.mark.parametrize("model", MODELS)
def test_every_table_opens_for_staff_only(staff: Any, model: str) -> None:
    url = f"/operator/admin/catalog/{model}/"
    assert staff.get(url).status_code == 200
    assert Client().get(url).status_code == 302


@pytest.mark.parametrize("model", ["shop", "listingrule", "listingchange", "listingoverride", "bundle"])
def test_tables_of_shops_open_and_take_no_changes(staff: Any, model: str) -> None:
    assert staff.get(f"/operator/admin/shops/{model}/").status_code == 200
    assert staff.get(f"/operator/admin/shops/{model}/add/").status_code == 403


def values_of(response: Any) -> dict[str, Any]:
    form = response.context["adminform"].form
    values: dict[str, Any] = {}
    for name in form.fields:
        value = form[name].value()
        if value is None or value is False:
            continue
        values[name] = ",".join(value) if isinstance(value, list) else value
    for formset in response.context["inline_admin_formsets"]:
        for field in formset.formset.management_form:
            values[field.html_name] = field.value()
        for row in formset.formset.forms:
            values.update({bound.html_name: bound.value() for bound in row if bound.value() is not None})
    return values


def test_a_renamed_product_is_found_by_its_new_name(staff: Any) -> None:
    product = Product.objects.get(name_zh="腾讯视频VIP")
    url = f"/operator/admin/catalog/product/{product.id}/change/"
    answer = staff.post(url, {**values_of(staff.get(url)), "name_zh": "鹅厂视频VIP", "_save": "1"})
    assert answer.status_code == 302, answer.context and answer.context["errors"]
    month = Sku.objects.get(code="tencent-video-month")
    assert month.id in {hit.sku_id for hit in find_skus("鹅厂视频", limit=20)}
    assert SkuPromise.objects.get(sku=month, number=2).content["product_zh"] == "鹅厂视频VIP"
    assert AuditEntry.objects.filter(act="library.edit", object_id=str(product.id)).exists()


def test_a_withdrawn_sku_leaves_search_and_both_engines(staff: Any) -> None:
    month = Sku.objects.get(code="tencent-video-month")
    url = f"/operator/admin/catalog/sku/{month.id}/change/"
    answer = staff.post(url, {**values_of(staff.get(url)), "status": "withdrawn", "_save": "1"})
    assert answer.status_code == 302, answer.context and answer.context["errors"]
    assert month.id not in {hit.sku_id for hit in find_skus("腾讯视频VIP月卡", limit=60)}
    with connection.cursor() as cursor:
        for schema in ("ref_live", "ref_test"):
            cursor.execute(f"SELECT status FROM {schema}.pricing_sku WHERE id = %s", [month.id])
            assert cursor.fetchone() == ("withdrawn",)


@pytest.mark.parametrize("role", ["support", "finance"])
def test_roles_without_the_catalogue_change_nothing(writable: LoadReport, role: str) -> None:
    browser = Browser(member(make("operator", "Node"), role))
    form = TopupForm.objects.get(slug="phone")
    answer = browser.post(
        f"/operator/admin/catalog/topupform/{form.id}/change/",
        {"name_zh": "x", "name_en": "x", "fields": "[]"},
    )
    assert answer.status_code in {302, 403}
    assert TopupForm.objects.get(slug="phone").name_zh == "手机号"
