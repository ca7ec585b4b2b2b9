"""The kit: figures, states, fields, errors, the start page, translations."""

import ast
import re
from pathlib import Path

import polib
import pytest
from django import forms
from django.http import Http404
from django.template import Context, Template
from django.test import Client, RequestFactory, override_settings
from django.urls import path
from django.utils import translation

from kamao.kernel.errors import Refusal
from kamao.kernel.states import ORDER_STATES, PURCHASE_TRANSITIONS, REFUND_TRANSITIONS
from kamao.portals.kit import assets, formats, icons, states
from kamao.portals.kit.middleware import POLICY, RefusalMiddleware
from kamao.runtime import urls

ROOT = Path(__file__).resolve().parents[3] / "src" / "kamao" / "portals"


def render(text: str, /, **context: object) -> str:
    request = RequestFactory().get("/merchant/orders/?q=a&page=2")
    return Template("{% load kit %}" + text).render(Context({"request": request, **context}))


@pytest.mark.parametrize(
    ("amount_minor", "currency", "text"),
    [
        (0, "CNY", "¥0.00"),
        (5, "CNY", "¥0.05"),
        (123456, "CNY", "¥1,234.56"),
        (-1450, "CNY", "−¥14.50"),
        (1234567, "JPY", "JP¥1,234,567"),
        (12345, "KWD", "KWD\u200912.345"),
    ],
)
def test_money_is_written_from_integers(amount_minor: int, currency: str, text: str) -> None:
    assert formats.money_text(amount_minor, currency) == text


@pytest.mark.parametrize(
    ("unit_price_e4", "text"),
    [(145_000, "¥14.50"), (9_655, "¥0.9655"), (10_000, "¥1.00"), (12_340, "¥1.234")],
)
def test_rates_keep_their_digits(unit_price_e4: int, text: str) -> None:
    assert formats.rate_parts(unit_price_e4).text() == text


def test_money_tag_sets_the_minor_part_apart() -> None:
    assert render("{% money 1450 'CNY' %}") == (
        '<span class="money "><span class="money-sign">¥</span>14<span class="money-minor">.50</span></span>'
    )
    assert render("{% money None %}") == "–"


@pytest.mark.parametrize(
    ("count", "text"), [(980, "980"), (1_200, "1.2k"), (2_000, "2k"), (150_000, "150k"), (1_100_000, "1.1M")]
)
def test_counts_are_short(count: int, text: str) -> None:
    assert formats.compact_count(count) == text


def test_a_state_is_a_dot_and_a_word_in_both_languages() -> None:
    with translation.override("zh-hans"):
        assert "存疑" in render("{% state 'in_doubt' %}")
    with translation.override("en"):
        shown = render("{% state 'in_doubt' %}")
    assert "In doubt" in shown
    assert "state-amber" in shown
    assert render("{% state '<b>' %}").count("<b>") == 0


def test_every_order_state_has_a_look() -> None:
    missing = {*ORDER_STATES, *PURCHASE_TRANSITIONS, *REFUND_TRANSITIONS} - set(states.LOOKS)
    assert missing == set()


def test_icons_are_inline_and_hidden_from_readers() -> None:
    assert icons.svg("cart").startswith('<svg class="icon" viewBox="0 0 24 24" aria-hidden="true"')
    with pytest.raises(KeyError):
        icons.svg("nothing")


class _Form(forms.Form):
    name = forms.CharField(label="Name <b>", help_text="Help")


def test_a_field_ties_label_help_and_error_to_its_control() -> None:
    form = _Form({"name": ""})
    assert form.is_valid() is False
    shown = render("{% field form.name %}", form=form)
    assert 'aria-invalid="true"' in shown
    assert 'aria-describedby="id_name_error id_name_help"' in shown
    assert "<b>" not in shown
    assert '<label class="field-label" for="id_name">' in shown


def test_the_sidebar_marks_the_page_it_stands_on() -> None:
    assert 'aria-current="page"' in render("{% nav_item '/merchant/orders/' 'orders' 'Orders' %}")
    assert "aria-current" not in render("{% nav_item '/merchant/wallet/' 'wallet' 'Wallet' %}")
    assert render("{% nav_item 'no:such' 'wallet' 'Wallet' %}").strip() == ""


def test_a_qr_code_is_drawn_without_its_text() -> None:
    shown = render("{% qr text %}", text="https://x/?a=<script>")
    assert "<script>" not in shown
    assert "<path" in shown


def _refuse(request):
    raise Refusal("rate_limited", retry_after_s=30)


def _missing(request):
    raise Http404


def _break(request):
    raise ZeroDivisionError


def _pages():
    return [
        *urls.urlpatterns,
        path("x/refuse", _refuse),
        path("x/missing", _missing),
        path("x/break", _break),
    ]


class Routes:
    """A URL configuration for the error pages, over the node's own."""

    handler400, handler403 = urls.handler400, urls.handler403
    handler404, handler500 = urls.handler404, urls.handler500
    urlpatterns = property(lambda self: _pages())


@pytest.fixture
def errors(db: None):
    routes = Routes()
    with override_settings(ROOT_URLCONF=routes):
        yield Client(raise_request_exception=False)


@pytest.mark.parametrize(
    ("address", "status", "zh", "en"),
    [
        ("/x/refuse", 429, "操作过于频繁", "Too many attempts"),
        ("/x/missing", 404, "这里什么也没有", "There is nothing here"),
        ("/x/break", 500, "系统出错了", "Something broke on our side"),
    ],
)
def test_errors_are_pages_in_the_readers_language(errors: Client, address, status, zh, en) -> None:
    for language, text in (("zh-CN", zh), ("en-GB", en)):
        answer = errors.get(address, headers={"accept-language": language})
        assert answer.status_code == status
        assert text in answer.content.decode()
        assert answer.headers["Content-Security-Policy"] == POLICY


def test_a_refusal_under_htmx_is_a_sentence_for_a_toast(errors: Client) -> None:
    answer = errors.get("/x/refuse", headers={"hx-request": "true", "accept-language": "en"})
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "30")
    assert answer.json()["code"] == "rate_limited"


def test_other_exceptions_are_left_alone() -> None:
    assert RefusalMiddleware(lambda request: None).process_exception(None, ValueError()) is None


def test_the_start_page_has_doors_only_on_a_demo(db: None, client: Client, tmp_path: Path, settings) -> None:
    settings.KAMAO_HOME = tmp_path
    assert "/demo/" not in client.get("/").content.decode()
    assert client.post("/demo/merchant/").status_code == 404
    (tmp_path / "demo.json").write_text(
        '{"users": [{"role": "merchant", "email": "m@demo.test"}], "shop_path": "/s/demo/"}', encoding="utf-8"
    )
    shown = client.get("/").content.decode()
    assert 'action="/demo/merchant/"' in shown
    assert 'href="/s/demo/"' in shown
    assert client.post("/demo/merchant/").status_code == 404, "the account does not exist"


def test_a_door_signs_in_as_its_demo_account(
    db: None, client: Client, tmp_path: Path, settings, django_user_model
) -> None:
    settings.KAMAO_HOME = tmp_path
    user = django_user_model.objects.create_user("m@demo.test", "long-enough-1")
    (tmp_path / "demo.json").write_text(
        '{"users": [{"role": "merchant", "email": "m@demo.test"}]}', encoding="utf-8"
    )
    answer = client.post("/demo/merchant/")
    assert (answer.status_code, answer.headers["Location"]) == (302, "/merchant/")
    assert client.session["_auth_user_id"] == str(user.pk)
    assert client.post("/demo/operator/").status_code == 404


def _messages(folder: Path) -> set[str]:
    found: set[str] = set()
    for file in folder.rglob("*.html"):
        text = file.read_text(encoding="utf-8")
        found |= {
            one or two for one, two in re.findall(r"\{%\s*translate\s+(?:\"([^\"]+)\"|'([^']+)')", text)
        }
    for file in folder.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            named = isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "_"
            if named and isinstance(node.args[0], ast.Constant):
                found.add(node.args[0].value)
    return found


@pytest.mark.parametrize("package", ["kit", "market"])
def test_every_string_is_translated(package: str) -> None:
    catalogue = polib.pofile(str(ROOT / package / "locale" / "zh_Hans" / "LC_MESSAGES" / "django.po"))
    known = {entry.msgid for entry in catalogue if entry.translated() and not entry.fuzzy}
    assert _messages(ROOT / package) - known == set()


def test_assets_are_served_by_content_name_only(client: Client) -> None:
    name = assets.asset("kit.css").path
    assert client.get(name).content == (assets.DIST / "kit.css").read_bytes()
    for wrong in (
        "/assets/kit.000000000000.css",
        "/assets/../settings.py",
        "/assets/kit.css",
        "/assets/a.b.c",
    ):
        assert client.get(wrong).status_code == 404
