"""The merchant's pages: exact numbers, search, exports that a spreadsheet cannot misread, audited reveals."""

import csv
import io
import re

from django.urls import reverse
from openpyxl import load_workbook

from kamao.business.identity.models import AuditEntry
from kamao.portals.accounts.exports import _csv, _defused, _xlsx
from tests.portals.consoles.conftest import SECRET, TARGET

WALLET = 'money-sign">¥</span>971<span class="money-minor">.00</span>'


def test_home_and_wallet_show_the_same_money(trade):
    trade.order()
    admin = trade.sign_in("admin")
    for name in ("merchant:home", "merchant:wallet", "merchant:orders"):
        assert WALLET in admin.get(reverse(name)).content.decode()
    page = admin.get(reverse("merchant:wallet")).content.decode()
    assert re.findall(r'<td class="amount">(\d+)</td>', page) == ["2", "1"]


def test_the_wallet_pages_to_older_entries(trade):
    for _ in range(3):
        trade.order(quantity=1)
    admin = trade.sign_in("admin")
    page = admin.get(reverse("merchant:wallet"), {"before": "3"}).content.decode()
    assert re.findall(r'<td class="amount">(\d+)</td>', page) == ["2", "1"]
    assert admin.get(reverse("merchant:wallet"), {"before": "nonsense"}).status_code == 200


def test_one_number_opens_the_order_and_a_list_answers_as_a_table(trade):
    first = trade.order(reference="REF-1", channel_order_no="TB-900")
    second = trade.order(reference="REF-2")
    admin = trade.sign_in("admin")
    url = reverse("merchant:orders")
    for query in (first, first.upper().replace("ORD_", "ord_"), "REF-1", " TB-900 "):
        assert admin.get(url, {"q": query}).headers["Location"] == reverse("merchant:order", args=[first])
    listed = admin.get(url, {"q": f"REF-1, {second}\nNOPE"}).content.decode()
    assert listed.count("money-minor") > 0
    assert reverse("merchant:order", args=[first]) in listed
    assert reverse("merchant:order", args=[second]) in listed
    assert ">NOPE<" in listed


def test_filters_narrow_the_list(trade):
    number = trade.order()
    admin = trade.sign_in("admin")
    link = reverse("merchant:order", args=[number])
    day = trade.at.astimezone().strftime("%Y-%m-%d")
    for filters, expected in (
        ({"state": "delivered"}, True),
        ({"state": "failed"}, False),
        ({"state": "no-such-state"}, True),
        ({"since": "2020-01-01", "until": "2020-12-31"}, False),
        ({"since": "2020-01-01"}, True),
        ({"until": day}, True),
        ({"since": "soon"}, True),
    ):
        page = admin.get(reverse("merchant:orders"), filters)
        assert page.status_code == 200
        assert (link in page.content.decode()) is expected, filters


def test_the_list_pages_by_the_order_before(trade, monkeypatch):
    monkeypatch.setattr("kamao.portals.merchant.orders.PAGE_SIZE", 2)
    numbers = [trade.order(quantity=1) for _ in range(3)]
    admin = trade.sign_in("admin")
    first = admin.get(reverse("merchant:orders")).content.decode()
    older = re.search(r'rel="next" href="([^"]+)"', first).group(1)
    second = admin.get(reverse("merchant:orders") + older.replace("&amp;", "&")).content.decode()
    shown = [
        [number for number in numbers if reverse("merchant:order", args=[number]) in page]
        for page in (first, second)
    ]
    assert shown == [numbers[1:], numbers[:1]]


def test_an_order_shows_its_timeline_and_target_but_no_code(trade):
    number = trade.order(reference="REF-9")
    page = trade.sign_in("admin").get(reverse("merchant:order", args=[number]))
    text = page.content.decode()
    assert TARGET in text
    assert "SECRET-" not in text
    assert "state-jade" in text
    assert 'class="now"' in text


def test_a_reveal_shows_the_codes_once_and_leaves_two_traces(trade):
    number = trade.order()
    admin = trade.sign_in("admin")
    answer = admin.post(reverse("merchant:order_reveal", args=[number]), {"reason": "buyer lost the mail"})
    text = answer.content.decode()
    assert re.findall(r"data-secret>([^<]+)<", text) == ["SECRET-000001", "SECRET-000002"]
    assert "no-store" in answer.headers["Cache-Control"]
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    entry = AuditEntry.objects.get(act="codes.reveal")
    assert (entry.object_id, entry.user_id) == (number, admin.user.id)
    assert entry.details == {"reason": "buyer lost the mail", "items": 2}
    with trade.cell() as connection:
        rows = connection.execute("SELECT actor, reason FROM stock_reveal").fetchall()
    assert rows == [(f"user:{admin.user.id}", "buyer lost the mail")] * 2
    again = admin.get(reverse("merchant:order", args=[number])).content.decode()
    assert SECRET not in again
    assert "buyer lost the mail" in again


def test_exports_hold_text_and_no_code(trade):
    trade.order(reference="=1+1", channel_order_no="123456789012345678901")
    admin = trade.sign_in("admin")
    answer = admin.get(reverse("merchant:orders"), {"format": "csv"})
    rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert rows[1][1:4] == ["'=1+1", "123456789012345678901", trade.code]
    assert rows[1][5:9] == ["2", "40.00", "29.00", "11.00"]
    assert "SECRET" not in answer.content.decode("utf-8-sig")
    book = load_workbook(io.BytesIO(admin.get(reverse("merchant:orders"), {"format": "xlsx"}).content))
    cells = list(book.active[2])[1:4]
    assert [(cell.value, cell.data_type, cell.number_format) for cell in cells[:2]] == [
        ("=1+1", "s", "@"),
        ("123456789012345678901", "s", "@"),
    ]
    assert AuditEntry.objects.filter(act="export.make").values_list("details", flat=True)[0] == {
        "format": "csv",
        "rows": 1,
    }


def test_cells_that_look_like_formulas_are_text():
    assert [_defused(text) for text in ("=A1", "+1", "-1", "-12.50", "@x", "-2+3", "\tx", "a=1", "")] == [
        "'=A1",
        "'+1",
        "-1",
        "-12.50",
        "'@x",
        "'-2+3",
        "'\tx",
        "a=1",
        "",
    ]
    body, _kind = _csv(["h"], [["中文"]])
    assert body.startswith(b"\xef\xbb\xbf")
    book, _kind = _xlsx(["h"], [["=1+1"]])
    assert load_workbook(io.BytesIO(book)).active["A2"].data_type == "s"


def test_the_console_switches_to_test_mode_and_back(trade):
    number = trade.order()
    admin = trade.sign_in("admin")
    link = reverse("merchant:order", args=[number])
    assert link in admin.get(reverse("merchant:orders")).content.decode()
    assert admin.post(reverse("accounts:mode"), {"cell": "test0", "next": "/merchant/orders/"}).headers[
        "Location"
    ] == ("/merchant/orders/")
    assert link not in admin.get(reverse("merchant:orders")).content.decode()
    assert admin.get(link).status_code == 404
    admin.post(reverse("accounts:mode"), {"cell": "cell0"})
    assert admin.get(link).status_code == 200


def test_pages_carry_the_security_headers(trade):
    answer = trade.sign_in("admin").get(reverse("merchant:home"))
    policy = answer.headers["Content-Security-Policy"]
    assert "script-src 'self';" in policy.replace("script-src 'self' ", "script-src 'self'; ")
    assert "unsafe" not in policy
    assert answer.headers["X-Frame-Options"] == "DENY"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Permissions-Policy"].startswith("camera=(self)")
    assert "no-store" in answer.headers["Cache-Control"]
    assert "style=" not in answer.content.decode()
    assert "<script>" not in answer.content.decode()


def test_a_foreign_host_is_refused(trade):
    assert (
        trade.sign_in("admin").get(reverse("merchant:home"), headers={"host": "evil.example"}).status_code
        == 400
    )


def test_both_languages(trade):
    admin = trade.sign_in("admin")
    assert "最近订单" in admin.get(reverse("merchant:home")).content.decode()
    english = admin.get(reverse("merchant:home"), headers={"accept-language": "en"}).content.decode()
    assert "Latest orders" in english
    assert not re.search(r"[\u4e00-\u9fff]", english.replace("中文", "").replace("简体中文", ""))


def test_an_order_is_cancelled_while_nobody_supplies_it(trade):
    number = trade.order(by_hand=True)
    support = trade.sign_in("support")
    url = reverse("merchant:order_cancel", args=[number])
    assert url in support.get(reverse("merchant:order", args=[number])).content.decode()
    for _ in range(2):
        answer = support.post(url, {"reason": "ordered twice"}, follow=True)
        assert "订单已撤销" in answer.content.decode()
        assert trade.balance() == 100_000
    assert AuditEntry.objects.get(act="order.cancel").details == {
        "reason": "ordered twice",
        "amount_minor": 2_900,
    }
    assert trade.sign_in("finance").post(url, {"reason": "x"}).status_code == 403
    assert trade.sign_in("admin", trade.other).post(url, {"reason": "x"}).status_code == 404


def test_a_delivered_order_is_not_cancelled(trade):
    number = trade.order()
    admin = trade.sign_in("admin")
    assert (
        reverse("merchant:order_cancel", args=[number])
        not in admin.get(reverse("merchant:order", args=[number])).content.decode()
    )
    answer = admin.post(reverse("merchant:order_cancel", args=[number]), {"reason": "x"}, follow=True)
    assert "已无法撤单" in answer.content.decode()
    assert trade.balance() == 100_000 - 2_900
