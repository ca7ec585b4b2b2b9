"""The import pages of the supplier console, in both languages, without JavaScript."""

import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from kamao.business.identity import operations
from kamao.business.identity.audit import SYSTEM
from kamao.business.identity.models import Role
from kamao.business.supply.models import ImportRow, MatchDecision, SheetImport, SupplierOffer
from kamao.business.supply.running import Rounds
from tests.supply.conftest import NOW, make_supplier
from tests.supply.library import DATA

pytestmark = pytest.mark.django_db

HEAD = "货号,商品名称,规格,供货价,类型"


def browser(organisation, role=Role.ADMIN, email="ada@example.test", language="zh-hans"):
    user = operations.create_user(email, password="correct horse battery")
    operations.add_member(organisation, user=user, role=role, actor=SYSTEM, at=NOW)
    client = Client(headers={"accept-language": language})
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


@pytest.fixture
def at_desk(supplier):
    return browser(supplier)


def send(client, content, name="sheet.csv", **fields):
    file = SimpleUploadedFile(name, content if isinstance(content, bytes) else content.encode())
    return client.post("/supplier/imports/", {"kind": "offers", "file": file, **fields})


def text_of(response):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode()))


def finish():
    rounds = Rounds()
    while rounds.run_once(at=NOW):
        pass


def test_a_messy_sheet_is_previewed_applied_and_given_back(at_desk, supplier):
    sent = send(at_desk, (DATA / "supplier-a-quote.xlsx").read_bytes(), "supplier-a-quote.xlsx")
    shown = at_desk.get(sent.url)
    words = text_of(shown)
    assert "价格是“面议”，请填写数字" in words
    assert "合计行，不是商品" in words
    assert SupplierOffer.objects.count() == 0
    taken = text_of(at_desk.get(sent.url + "?rows=offer"))
    assert "优酷酷喵S会员 【年卡】 优酷酷喵SVIP 年卡" in taken
    assert "写法不同但名称、规格、数值相同" in taken
    assert at_desk.post(sent.url + "apply/").status_code == 302
    assert "noscript" in at_desk.get(sent.url).content.decode()
    assert "0 / 145" in text_of(at_desk.get(sent.url + "progress/"))
    finish()
    assert at_desk.get(sent.url + "progress/").headers["HX-Redirect"] == sent.url
    assert SupplierOffer.objects.filter(supplier=supplier, status="active").count() == 140
    assert "已完成" in text_of(at_desk.get(sent.url))
    file = at_desk.get(sent.url + "refused/")
    assert file.headers["Content-Disposition"].startswith("attachment; filename")
    assert file.content[:2] == b"PK"


def test_pages_speak_english_too(supplier):
    client = browser(supplier, language="en")
    sent = send(client, f"{HEAD}\nA1,鹅厂追剧卡,1个月,面议,卡密\n")
    words = text_of(client.get(sent.url))
    assert "The price says “面议”; state a number" in words
    assert not re.search(
        r"[\u4e00-\u9fff]",
        words.replace("面议", "")
        .replace("鹅厂追剧卡", "")
        .replace("1个月", "")
        .replace(supplier.display_name, "")
        .replace("简体中文", "")
        .replace("中文", ""),
    )


def test_unclear_columns_are_chosen_on_the_page(at_desk, supplier):
    sent = send(at_desk, "商品名称,规格,一级代理价,二级代理价,类型\n腾讯视频VIP,月卡,20.85,21,卡密\n")
    assert "有两列都像供货价" in text_of(at_desk.get(sent.url))
    chosen = {"role-0-0": "name", "role-0-1": "spec", "role-0-3": "price", "role-0-4": "kind"}
    at_desk.post(sent.url + "columns/", chosen)
    at_desk.post(sent.url + "apply/")
    finish()
    assert SupplierOffer.objects.get().unit_price_e4 == 210_000


def test_a_waiting_row_is_decided_on_the_page(at_desk, supplier):
    sent = send(at_desk, f"{HEAD}\nA1,腾迅视频VIP,1个月,20,卡密\nA2,冷门商品,1个月,20,卡密\n")
    at_desk.post(sent.url + "apply/")
    finish()
    words = at_desk.get("/supplier/reviews/")
    assert "腾讯视频VIP 月卡" in text_of(words)
    row = ImportRow.objects.get(item="A1")
    sku = re.search(r'value="([0-9a-f-]{36})"', words.content.decode()).group(1)
    assert at_desk.post(f"/supplier/reviews/{row.id}/", {"sku": sku}).status_code == 302
    assert SupplierOffer.objects.get().sku.variant_zh == "月卡"
    other = ImportRow.objects.get(item="A2")
    at_desk.post(f"/supplier/reviews/{other.id}/", {"not_ours": "1"})
    assert MatchDecision.objects.filter(sku=None).count() == 1
    decision = MatchDecision.objects.get(sku=None)
    at_desk.post(f"/supplier/reviews/decisions/{decision.id}/forget/")
    assert MatchDecision.objects.filter(sku=None).count() == 0


def test_cancel_and_upload_again(at_desk):
    sent = send(at_desk, f"{HEAD}\nA1,腾讯视频VIP,月卡,20.85,卡密\n")
    at_desk.post(sent.url + "cancel/")
    assert SheetImport.objects.get().state == "cancelled"
    again = send(at_desk, f"{HEAD}\nA1,腾讯视频VIP,月卡,20.85,卡密\n")
    assert again.url != sent.url


def test_codes_for_a_named_offer_and_their_refused_rows_need_a_second_factor(at_desk, supplier):
    sent = send(at_desk, f"{HEAD}\nA1,腾讯视频VIP,月卡,20.85,卡密\n")
    at_desk.post(sent.url + "apply/")
    finish()
    sent = send(at_desk, "1----AAAA-BBBB-CCCC\n2----AAAA-BBBB-CCCC\n", "c.txt", kind="codes", offer="A1")
    at_desk.post(sent.url + "apply/")
    finish()
    done = SheetImport.objects.get(kind="codes")
    assert (done.counts["applied"], done.counts["refused"]) == (1, 1)
    assert "卡密重复" in text_of(at_desk.get(sent.url))
    assert "AAAA-BBBB" not in at_desk.get(sent.url).content.decode()
    assert "step" in at_desk.get(sent.url + "refused/").url


def test_what_cannot_be_read_says_what_to_do(at_desk):
    answer = send(at_desk, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "old.xls")
    assert answer.status_code == 422
    assert "另存为 .xlsx" in text_of(answer)
    answer = at_desk.post(
        "/supplier/imports/", {"kind": "codes", "offer": "none", "file": SimpleUploadedFile("a.txt", b"x")}
    )
    assert answer.status_code == 404
    assert "没有这个货号的报价" in text_of(answer)


@pytest.mark.parametrize("path", ["", "apply/", "cancel/", "columns/", "progress/", "refused/"])
def test_another_suppliers_import_is_not_found(at_desk, path):
    sent = send(at_desk, f"{HEAD}\nA1,腾讯视频VIP,月卡,20.85,卡密\n")
    stranger = browser(make_supplier("别家"), email="eve@example.test")
    method = stranger.post if path in {"apply/", "cancel/", "columns/"} else stranger.get
    assert method(sent.url + path).status_code == 404
    assert SheetImport.objects.get().state == "previewed"


def test_members_without_the_permission_are_kept_out(supplier):
    client = browser(supplier, role=Role.SUPPORT)
    assert client.get("/supplier/imports/").status_code == 403
    assert Client().get("/supplier/imports/").status_code == 302


def test_the_operator_decides_for_any_supplier(at_desk, supplier):
    sent = send(at_desk, f"{HEAD}\nA1,腾迅视频VIP,1个月,20,卡密\n")
    at_desk.post(sent.url + "apply/")
    finish()
    platform = operations.register_organisation(
        kind="operator", legal_name="Node Ltd", display_name="平台", actor=SYSTEM, at=NOW
    )
    staff = browser(platform, email="op@example.test")
    shown = staff.get("/operator/matches/")
    assert supplier.display_name in text_of(shown)
    sku = re.search(r'value="([0-9a-f-]{36})"', shown.content.decode()).group(1)
    row = ImportRow.objects.get(item="A1")
    assert at_desk.post(f"/operator/matches/{row.id}/", {"sku": sku}).status_code == 404
    assert staff.post(f"/operator/matches/{row.id}/", {"sku": sku}).status_code == 302
    assert SupplierOffer.objects.get().item == "A1"
    assert staff.get("/operator/matches/").status_code == 200
