"""Suppliers' sheets by API: preview, columns, start, what is on sale then, refused rows, whose they are."""

import csv
import io
from urllib.parse import unquote

import pytest

from kamao.api.v1.supply_imports import XLSX
from kamao.business.catalog.loading import load_rows
from kamao.business.catalog.rows import LibraryRow
from kamao.business.catalog.templates import ensure_templates
from kamao.business.supply import running
from kamao.business.supply.models import SupplierOffer
from tests.supply.library import DATA

HEAD = "货号,商品名称,规格,供货价,类型"
SHEET = (HEAD, "A1,云雀音乐会员,月卡,9.505,卡密", "A2,云雀音乐会员,季卡,面议,卡密", "A3,不知何物,月卡,5,卡密")


@pytest.fixture(scope="module", autouse=True)
def library(world):
    ensure_templates()
    rows = [
        LibraryRow(category="音乐会员", brand="云雀音乐", product="云雀音乐会员", variant=variant, kind="code",
                   code=code, official_price_e4=price_e4)
        for variant, code, price_e4 in (("月卡", "lark-month", 150_000), ("季卡", "lark-quarter", 420_000))
    ]  # fmt: skip
    load_rows(rows, at=world.now())


@pytest.fixture
def supplier(world):
    return world.make_supplier()


def upload(api, party, *lines, content=None, kind="offers", filename="报价.csv", headers=None, **query):
    body = "\r\n".join(lines).encode() if content is None else content
    return api.post(
        "/supply/imports", key=party.key, params={"kind": kind, "filename": filename, **query}, content=body,
        headers={"Content-Type": "text/csv", **(headers or {})},
    )  # fmt: skip


def work_off(world):
    rounds = running.Rounds()
    while rounds.run_once(at=world.now()):
        pass


def on_sale(api, party):
    found = api.get("/supply/offers", key=party.key).json()["data"]
    return {(each["item"], each["sku"], each["supply_price_decimal"], each["status"]) for each in found}


def test_a_sheet_is_previewed_started_and_on_sale(api, world, supplier):
    answer = upload(api, supplier, *SHEET)
    made = answer.json()
    assert (answer.status_code, made["kind"], made["state"], made["filename"]) == (
        201, "offers", "previewed", "报价.csv",
    )  # fmt: skip
    assert made["counts"] == {
        "offer": 1, "review": 1, "refused": 1, "skipped": 1, "applied": 0, "changes": {"new": 1},
    }  # fmt: skip
    assert [(each["at"], each["role"]) for each in made["columns"][0]["columns"]] == [
        (0, "item"), (1, "name"), (2, "spec"), (3, "price"), (4, "kind"),
    ]  # fmt: skip
    assert on_sale(api, supplier) == set()
    path = f"/supply/imports/{made['id']}"
    started = api.post(f"{path}/start", key=supplier.key)
    assert (started.status_code, started.json()["state"], started.json()["rows_done"]) == (200, "applying", 0)
    work_off(world)
    done = api.get(path, key=supplier.key).json()
    assert (done["state"], done["rows_done"], done["rows_total"], done["percent_done"]) == ("done", 4, 4, 100)
    assert done["counts"]["applied"] == 1
    assert on_sale(api, supplier) == {("A1", "lark-month", "950.5", "active")}
    assert upload(api, supplier, *SHEET).json() == done
    for step in ("start", "cancel"):
        again = api.post(f"{path}/{step}", key=supplier.key)
        assert (again.status_code, again.json()["code"]) == (409, "import_state_conflict")
    listed = api.get("/supply/imports", key=supplier.key).json()
    assert listed == {"data": [done], "has_more": False}
    second = upload(api, supplier, *SHEET, again="true").json()
    assert (second["id"] != done["id"], second["counts"]["changes"]) == (True, {"same": 1})


def test_rows_are_listed_by_fate_with_reasons_in_two_languages(api, supplier):
    path = f"/supply/imports/{upload(api, supplier, *SHEET, 'A4,不知何物,年卡,6,卡密').json()['id']}"
    waiting = api.get(f"{path}/rows", key=supplier.key, params={"limit": 1}).json()
    row = waiting["data"][0]
    assert waiting["has_more"] is True
    assert (row["place"], row["number"], row["fate"], row["item"], row["sku"]) == (3, 4, "review", "A3", None)
    assert row["reason"] == {
        "code": "product_unknown", "detail": "标准库中没有找到这个商品，请选择对应规格或确认不是我们的商品",
    }  # fmt: skip
    rest = api.get(
        f"{path}/rows", key=supplier.key, params={"limit": 1, "starting_after": row["place"]}
    ).json()
    assert ([each["item"] for each in rest["data"]], rest["has_more"]) == (["A4"], False)
    refused = api.get(
        f"{path}/rows", key=supplier.key, params={"fate": "refused"}, headers={"Accept-Language": "en"}
    ).json()["data"]
    assert [(each["item"], each["price"], each["reason"]) for each in refused] == [
        ("A2", "面议",
         {"code": "price_on_request", "detail": "The price says “面议”; state a number"}),
    ]  # fmt: skip
    taken = api.get(f"{path}/rows", key=supplier.key, params={"fate": "offer"}).json()["data"]
    assert [(each["sku"], each["supply_price_decimal"], each["change"]) for each in taken] == [
        ("lark-month", "950.5", "new")
    ]
    wrong = api.get(f"{path}/rows", key=supplier.key, params={"fate": "all"})
    assert (wrong.status_code, wrong.json()["errors"][0]["parameter"]) == (422, "fate")


def test_refused_rows_come_back_in_the_suppliers_own_file(api, supplier):
    path = f"/supply/imports/{upload(api, supplier, *SHEET).json()['id']}/refused"
    answer = api.get(path, key=supplier.key)
    assert answer.status_code == 200
    assert "报价-未导入.csv" in unquote(answer.headers["content-disposition"])
    lines = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert [line[0] for line in lines] == ["货号", "A2", "A3"]
    assert (lines[0][5], lines[1][5]) == ("未导入原因", "价格是“面议”，请填写数字")
    english = api.get(path, key=supplier.key, headers={"Accept-Language": "en"})
    assert "Why it was not imported" in english.content.decode("utf-8-sig")


def test_unclear_columns_are_named_with_the_start(api, world, supplier):
    lines = ("商品名称,规格,供货价,代理价,类型", "云雀音乐会员,月卡,9,8.8,卡密")
    made = upload(api, supplier, *lines).json()
    assert (made["state"], made["doubts"][0]["code"]) == ("parsed", "two_prices")
    path = f"/supply/imports/{made['id']}/start"
    early = api.post(path, key=supplier.key)
    assert (early.status_code, early.json()["code"]) == (409, "import_state_conflict")
    roles = [{"at": at, "role": role} for at, role in ((0, "name"), (1, "spec"), (3, "price"), (4, "kind"))]
    missing = api.post(path, key=supplier.key, json={"sheets": [{"sheet": "另一个", "columns": roles}]})
    assert (missing.status_code, missing.json()["code"], missing.json()["errors"][0]["pointer"]) == (
        409, "columns_conflict", "/sheets/0/sheet",
    )  # fmt: skip
    twice = {"sheets": [{"sheet": made["columns"][0]["sheet"], "columns": [roles[0], roles[0]]}]}
    doubled = api.post(path, key=supplier.key, json=twice)
    assert (doubled.status_code, doubled.json()["detail"]) == (409, "每种含义只能选一列。")
    chosen = {"sheets": [{"sheet": made["columns"][0]["sheet"], "columns": roles}]}
    started = api.post(path, key=supplier.key, json=chosen)
    assert (started.status_code, started.json()["state"]) == (200, "applying")
    work_off(world)
    assert on_sale(api, supplier) == {("~lark-month", "lark-month", "880", "active")}


def test_codes_go_to_their_offer_and_never_come_back(api, world, supplier):
    put = api.call("PUT", "/supply/offers", key=supplier.key, json={"offers": [
        {"item": "L1", "sku": "lark-month", "supply_price_decimal": "900"}]})  # fmt: skip
    offer = put.json()["results"][0]["offer"]
    lines = ("卡号,卡密,有效期", "N1,LARK-AAAA-0001,2030-01-01", "N2,LARK-AAAA-0002,2020-01-01",
             "N3,LARK-AAAA-0001,2030-01-01")  # fmt: skip
    foreign = upload(api, world.make_supplier(), *lines, kind="codes", offer=offer)
    assert (foreign.status_code, foreign.json()["code"]) == (404, "offer_not_found")
    made = upload(api, supplier, *lines, kind="codes", offer=offer, filename="codes.csv").json()
    assert (made["kind"], made["state"], made["offer"]) == ("codes", "previewed", offer)
    path = f"/supply/imports/{made['id']}"
    assert api.post(f"{path}/start", key=supplier.key).status_code == 200
    work_off(world)
    done = api.get(path, key=supplier.key)
    assert (done.json()["state"], done.json()["counts"]["applied"], done.json()["counts"]["refused"]) == (
        "done", 1, 2,
    )  # fmt: skip
    assert api.get("/supply/offers", key=supplier.key).json()["data"][0]["free_codes"] == 1
    rows = api.get(f"{path}/rows", key=supplier.key, params={"fate": "refused"})
    assert [(each["number"], each["reason"]["code"]) for each in rows.json()["data"]] == [
        (3, "expired"), (4, "duplicate"),
    ]  # fmt: skip
    assert "LARK-AAAA" not in rows.text + done.text
    file = api.get(f"{path}/refused", key=supplier.key)
    assert (file.status_code, file.json()["code"]) == (403, "forbidden")


def test_another_suppliers_import_and_another_mode_are_not_there(api, world, supplier):
    imported = upload(api, supplier, *SHEET).json()["id"]
    strangers = [world.make_supplier().key, world.key_for(supplier.organisation, cell=1)]
    for key in strangers:
        assert api.get("/supply/imports", key=key).json()["data"] == []
        answers = [
            api.get(f"/supply/imports/{imported}", key=key),
            api.get(f"/supply/imports/{imported}/rows", key=key),
            api.get(f"/supply/imports/{imported}/refused", key=key),
            api.post(f"/supply/imports/{imported}/start", key=key),
            api.post(f"/supply/imports/{imported}/start", key=key, json={
                "sheets": [{"sheet": "x", "columns": [{"at": 0, "role": "name"}]}]}),
            api.post(f"/supply/imports/{imported}/cancel", key=key),
        ]  # fmt: skip
        assert {(each.status_code, each.json()["code"]) for each in answers} == {(404, "import_not_found")}
    assert api.get(f"/supply/imports/{imported}", key=supplier.key).json()["state"] == "previewed"
    assert api.get("/supply/imports", key=world.merchant().key).status_code == 403


def test_a_test_key_imports_in_test_mode(api, world):
    party = world.make_supplier(cell=1)
    made = upload(api, party, *SHEET).json()
    assert api.post(f"/supply/imports/{made['id']}/start", key=party.key).status_code == 200
    work_off(world)
    assert on_sale(api, party) == {("A1", "lark-month", "950.5", "active")}
    offers = SupplierOffer.objects.filter(supplier=party.organisation)
    assert [offer.livemode for offer in offers] == [False]


def test_one_idempotency_key_is_one_import(api, supplier):
    said = {"Idempotency-Key": "sheet-1"}
    first = upload(api, supplier, *SHEET, headers=said)
    again = upload(api, supplier, *SHEET, headers=said)
    assert (again.status_code, again.headers["idempotent-replayed"], again.json()) == (
        201, "true", first.json(),
    )  # fmt: skip
    for other in ({"kind": "codes"}, {"filename": "other.csv"}):
        refused = upload(api, supplier, *SHEET, headers=said, **other)
        assert (refused.status_code, refused.json()["code"]) == (422, "idempotency_mismatch")
    assert len(api.get("/supply/imports", key=supplier.key).json()["data"]) == 1


def test_what_is_no_sheet_is_refused_and_may_be_sent_again(api, supplier):
    said = {"Idempotency-Key": "broken-1", "Content-Type": "application/octet-stream"}
    for _ in range(2):
        broken = upload(api, supplier, content=b"%PDF-1.7", headers=said)
        assert (broken.status_code, broken.json()["code"]) == (422, "file_unreadable")
    assert [each["state"] for each in api.get("/supply/imports", key=supplier.key).json()["data"]] == [
        "cancelled"
    ]
    empty = upload(api, supplier, content=b"")
    assert (empty.status_code, empty.json()["code"]) == (400, "malformed")
    typed = upload(api, supplier, *SHEET, headers={"Content-Type": "application/json"})
    assert (typed.status_code, typed.json()["code"]) == (415, "unsupported_media_type")
    large = upload(api, supplier, content=bytes(64 * 1024 * 1024 + 1))
    assert (large.status_code, large.json()["code"]) == (413, "file_too_large")
    assert upload(api, supplier, *SHEET, kind="members").json()["errors"][0]["parameter"] == "kind"


def test_a_file_above_the_limit_of_other_bodies_is_taken(api, supplier):
    lines = [HEAD, *(f"B{number},云雀音乐会员,月卡,面议,卡密{' ' * 600}" for number in range(2_000))]
    made = upload(api, supplier, *lines)
    assert (made.status_code, made.json()["counts"]["refused"]) == (201, 2_000)


def test_a_workbook_goes_in_as_it_is_and_is_cancelled(api, supplier):
    content = (DATA / "supplier-a-quote.xlsx").read_bytes()
    made = upload(
        api, supplier, content=content, filename="a.xlsx", headers={"Content-Type": XLSX},
        effective_at="2030-01-01T00:00:00Z",
    ).json()  # fmt: skip
    assert (made["state"], made["rows_total"], made["effective_at"]) == (
        "previewed", 145, "2030-01-01T00:00:00Z",
    )  # fmt: skip
    assert made["sheets_left_out"] == ["说明"]
    cancelled = api.post(f"/supply/imports/{made['id']}/cancel", key=supplier.key)
    assert (cancelled.status_code, cancelled.json()["state"]) == (200, "cancelled")
    assert on_sale(api, supplier) == set()
