"""Imports end to end on PostgreSQL: the sample files, again, later prices, doubts, decisions, refused
rows.
"""

import io
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from openpyxl import Workbook, load_workbook

from kamao.business.catalog.models import Sku
from kamao.business.identity.audit import SYSTEM
from kamao.business.supply import imports, mappings, refused, reviews, running
from kamao.business.supply.imports import Options, Upload
from kamao.business.supply.models import ImportRow, MatchDecision, SheetFile, SheetImport, SupplierOffer
from kamao.kernel.errors import Refusal
from tests.supply.conftest import NOW, make_supplier
from tests.supply.library import DATA, truth

pytestmark = pytest.mark.django_db


def sample(name):
    return Upload(name, (DATA / name).read_bytes())


def run(supplier, file, clock, kind="offers", **more):
    return running.import_file(supplier, file, kind=kind, clock=clock, **more)


def engine(statement, *params):
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL search_path = cell0, ref_live, public")
        cursor.execute(statement, params)
        rows = cursor.fetchall()
        cursor.execute("SET LOCAL search_path = public")
    return rows


def csv_file(*lines, name="sheet.csv", encoding="utf-8"):
    return Upload(name, "\r\n".join(lines).encode(encoding))


def prices_of(supplier, at):
    return dict(
        engine(
            "SELECT o.id, (SELECT p.supply_price_e4 FROM pricing_supply_price p WHERE p.offer = o.id"
            " AND p.effective_from <= %s ORDER BY p.effective_from DESC LIMIT 1)"
            " FROM pricing_offer o WHERE o.supplier = %s AND o.status = 'active'",
            at,
            supplier.id,
        )
    )


def test_sample_sheet_a_puts_140_offers_on_sale_and_explains_the_rest(supplier, clock):
    done = run(supplier, sample("supplier-a-quote.xlsx"), clock)
    assert (done.state, done.counts["applied"], done.counts["refused"]) == ("done", 140, 2)
    expected = {
        (row["product"], row["variant"], int(Decimal(row["price"]) * 10_000))
        for row in truth("supplier-a-quote.csv")
    }
    offers = SupplierOffer.objects.filter(supplier=supplier).select_related("sku__product")
    assert {(o.sku.product.name_zh, o.sku.variant_zh, o.unit_price_e4) for o in offers} == expected
    assert {o.status for o in offers} == {"active"}
    assert {o.fulfilment for o in offers} == {"stock"}
    assert prices_of(supplier, NOW) == {o.id: o.unit_price_e4 for o in offers}
    reasons = list(
        ImportRow.objects.filter(fate="refused").order_by("number").values_list("number", "reason")
    )
    assert reasons == [(144, "total"), (145, "price_on_request")]
    assert done.sheets_left_out == ["说明"]


def test_sample_sheet_b_in_gbk_keeps_item_numbers_and_states(supplier, clock):
    done = run(supplier, sample("supplier-b-quote.csv"), clock)
    assert (done.state, done.counts["applied"], done.counts["refused"]) == ("done", 120, 1)
    expected = {
        row["item"]: (
            row["product"],
            row["variant"],
            int(Decimal(row["price"]) * 10_000),
            row["state"] == "在售",
        )
        for row in truth("supplier-b-quote.csv")
    }
    offers = SupplierOffer.objects.filter(supplier=supplier).select_related("sku__product")
    got = {
        o.item: (o.sku.product.name_zh, o.sku.variant_zh, o.unit_price_e4, o.status == "active")
        for o in offers
    }
    assert got == expected
    assert {o.fulfilment for o in offers} == {"manual"}
    row = ImportRow.objects.get(sheet_import=done, fate="refused")
    assert (row.number, row.reason, row.params) == (122, "duplicate_item", {"item": "HB10003", "row": "5"})


def test_the_same_file_again_is_the_same_import_and_writes_nothing(supplier, clock):
    first = run(supplier, sample("supplier-b-quote.csv"), clock)
    again = run(supplier, sample("supplier-b-quote.csv"), clock)
    assert again.id == first.id
    assert SheetImport.objects.count() == 1
    asked = run(supplier, sample("supplier-b-quote.csv"), clock, again=True)
    assert (asked.id != first.id, asked.round, asked.counts["change_same"]) == (True, 2, 120)
    assert engine("SELECT count(*) FROM pricing_supply_price") == [(120,)]


def test_a_new_price_takes_effect_at_the_stated_time(supplier, clock):
    head = "货号,商品名称,规格,供货价,类型"
    run(supplier, csv_file(head, "A1,腾讯视频VIP,月卡,20.85,卡密"), clock)
    offer = SupplierOffer.objects.get(supplier=supplier, item="A1")
    later = NOW + timedelta(days=3)
    done = run(supplier, csv_file(head, "A1,腾讯视频VIP,月卡,￥19.9050,卡密"), clock, effective_at=later)
    assert done.counts["change_price"] == 1
    assert prices_of(supplier, NOW) == {offer.id: 208_500}
    assert prices_of(supplier, later - timedelta(seconds=1)) == {offer.id: 208_500}
    assert prices_of(supplier, later) == {offer.id: 199_050}


def test_off_sale_without_a_price_pauses_what_is_known_and_leaves_out_what_is_not(supplier, clock):
    head = "货号,商品名称,规格,供货价,状态"
    run(supplier, csv_file(head, "A1,腾讯视频VIP,月卡,20.85,在售"), clock)
    done = run(supplier, csv_file(head, "A1,腾讯视频VIP,月卡,,下架", "A2,腾讯视频VIP,季卡,缺货,在售"), clock)
    assert (done.counts["change_paused"], done.counts["refused"]) == (1, 1)
    offer = SupplierOffer.objects.get(supplier=supplier)
    assert (offer.status, offer.unit_price_e4) == ("paused", 208_500)
    assert prices_of(supplier, NOW) == {}


@pytest.mark.parametrize(
    ("price", "reason"),
    [
        ("0", "price_zero"),
        ("-5", "price_negative"),
        ("10-20", "price_range"),
        ("询价", "price_on_request"),
        ("", "price_missing"),
        ("9.5折", "price_discount"),
        ("=1+1", "price_formula"),
        ("1.23456", "price_precision"),
        ("约20", "price_approximate"),
        ("20元$", "price_currency"),
        ("abc", "price_unreadable"),
        ("1,23", "price_unreadable"),
        ("断货", "not_on_sale"),
    ],
)
def test_a_price_that_is_none_is_refused_with_its_reason(supplier, clock, price, reason):
    done = run(supplier, csv_file("商品名称,规格,供货价,类型", f'腾讯视频VIP,月卡,"{price}",卡密'), clock)
    assert [row.reason for row in ImportRow.objects.filter(sheet_import=done, fate="refused")] == [reason]
    assert SupplierOffer.objects.count() == 0


@pytest.mark.parametrize(
    ("price", "expected"),
    [
        ("¥20.85", 208_500),
        ("２０．８５元", 208_500),
        (" 20.85 CNY ", 208_500),
        ("RMB20.85/张", 208_500),
        ("20.8512", 208_512),
        ("2085分", 208_500),
        ("人民币 20.85", 208_500),
    ],
)
def test_prices_are_read_exactly(supplier, clock, price, expected):
    run(supplier, csv_file("商品名称,规格,供货价,类型", f'腾讯视频VIP,月卡,"{price}",卡密'), clock)
    assert SupplierOffer.objects.get().unit_price_e4 == expected


def test_fen_columns_and_thousands_separators(supplier, clock):
    done = run(
        supplier,
        csv_file("商品名称,面值,供货价（分）", '京东E卡,"1,000元","92,743"', "京东E卡,50,4317"),
        clock,
    )
    assert done.counts["applied"] == 2
    offers = {o.sku.variant_zh: o.unit_price_e4 for o in SupplierOffer.objects.select_related("sku")}
    assert offers == {"1000元": 9_274_300, "50元": 431_700}


def test_an_unusual_price_waits_for_a_person_and_is_confirmed_alone(supplier, clock):
    done = run(supplier, csv_file("商品名称,规格,供货价,类型", "腾讯视频VIP,月卡,31,卡密"), clock)
    row = ImportRow.objects.get(sheet_import=done, fate="review")
    assert (row.reason, row.params) == ("price_above_official", {"price": "31.00", "official": "30.00"})
    assert SupplierOffer.objects.count() == 0
    assert reviews.decide(row.id, sku_id=row.sku_id, at=NOW, actor=SYSTEM) == 1
    assert SupplierOffer.objects.get().unit_price_e4 == 310_000
    assert MatchDecision.objects.count() == 0


def test_a_decision_settles_every_row_of_that_title_and_is_remembered(supplier, clock):
    head = "货号,商品名称,规格,供货价,类型"
    done = run(
        supplier,
        csv_file(
            head, "A1,鹅厂追剧卡,1个月,20,卡密", "A2,鹅厂追剧卡,1个月,20.5,卡密", "A3,无关商品,1个月,3,卡密"
        ),
        clock,
    )
    waiting = list(reviews.waiting(supplier.id).order_by("place"))
    assert [row.reason for row in waiting] == ["product_unknown"] * 3
    sku = Sku.objects.get(product__name_zh="腾讯视频VIP", variant_zh="月卡")
    assert reviews.decide(waiting[0].id, sku_id=sku.id, at=NOW, actor=SYSTEM, supplier_id=supplier.id) == 2
    assert reviews.decide(waiting[2].id, sku_id=None, at=NOW, actor=SYSTEM, supplier_id=supplier.id) == 1
    assert {o.item: o.sku_id for o in SupplierOffer.objects.all()} == {"A1": sku.id, "A2": sku.id}
    done.refresh_from_db()
    assert (done.counts["applied"], done.counts["refused"], done.counts.get("review")) == (2, 1, None)
    again = run(
        supplier, csv_file(head, "A1,【鹅厂】追剧卡,1个月,19,卡密", "A3,无关商品,1个月,3,卡密"), clock
    )
    assert (again.counts["applied"], again.counts["refused"]) == (1, 1)
    assert ImportRow.objects.get(sheet_import=again, fate="refused").reason == "not_ours"
    assert SupplierOffer.objects.get(item="A1").unit_price_e4 == 190_000


def test_another_suppliers_rows_and_imports_do_not_exist(supplier, clock):
    done = run(supplier, csv_file("商品名称,规格,供货价", "鹅厂追剧卡,1个月,20"), clock)
    row = ImportRow.objects.get(sheet_import=done, fate="review")
    stranger = make_supplier("别家")
    with pytest.raises(Refusal) as refusal:
        reviews.decide(row.id, sku_id=None, at=NOW, actor=SYSTEM, supplier_id=stranger.id)
    assert refusal.value.status == 404
    with pytest.raises(Refusal) as refusal:
        imports.find(stranger.id, done.id)
    assert refusal.value.status == 404
    row.refresh_from_db()
    assert row.fate == "review"


def test_an_item_that_changes_its_goods_waits(supplier, clock):
    head = "货号,商品名称,规格,供货价,类型"
    run(supplier, csv_file(head, "A1,腾讯视频VIP,月卡,20.85,卡密"), clock)
    done = run(supplier, csv_file(head, "A1,腾讯视频VIP,季卡,58.39,卡密"), clock)
    row = ImportRow.objects.get(sheet_import=done, fate="review")
    assert (row.reason, row.params["before"], row.params["after"]) == (
        "item_moved",
        "腾讯视频VIP 月卡",
        "腾讯视频VIP 季卡",
    )
    assert SupplierOffer.objects.get().unit_price_e4 == 208_500


def test_refused_rows_come_back_in_the_suppliers_own_file(supplier, clock):
    done = run(supplier, sample("supplier-a-quote.xlsx"), clock)
    content, name = refused.refused_file(done, language="zh")
    assert name == "supplier-a-quote-未导入.xlsx"
    rows = list(load_workbook(io.BytesIO(content))["报价"].iter_rows(values_only=True))
    assert rows[0] == ("品牌", "商品名称", "规格", "官方价", "结算价(含税)", "库存", "备注", "未导入原因")
    assert rows[2] == (
        "腾讯视频",
        "腾讯视频VIP",
        "月卡",
        None,
        "面议",
        None,
        None,
        "价格是“面议”，请填写数字",
    )
    done = run(supplier, sample("supplier-b-quote.csv"), clock)
    content, name = refused.refused_file(done, language="en")
    lines = content.decode("gb18030").splitlines()
    assert lines[0].endswith(",状态,Why it was not imported")
    assert (
        lines[1]
        == "HB10003,重复货号,月卡,1.00,2.00,直充,手机号,在售,The item number HB10003 stands in row 5 already"
    )


def test_formulas_and_markup_are_data(supplier, clock):
    book = Workbook()
    sheet = book.active
    sheet.append(["商品名称", "规格", "供货价", "类型"])
    sheet.append(["<script>alert(1)</script>腾讯视频VIP", "月卡", 20.85, "卡密"])
    sheet.append(['=HYPERLINK("http://x","y")', "月卡", 20.85, "卡密"])
    sheet.append(["腾讯视频VIP", "季卡", "=10+10", "卡密"])
    buffer = io.BytesIO()
    book.save(buffer)
    done = run(supplier, Upload("f.xlsx", buffer.getvalue()), clock)
    fates = list(
        ImportRow.objects.filter(sheet_import=done).order_by("place").values_list("number", "fate", "reason")
    )
    assert fates[1:] == [
        (2, "review", "product_unknown"),
        (3, "review", "product_unknown"),
        (4, "refused", "price_formula"),
    ]
    content, _ = refused.refused_file(done, language="zh")
    cells = [cell for row in load_workbook(io.BytesIO(content)).active.iter_rows() for cell in row]
    assert [cell.value for cell in cells if cell.data_type == "f"] == []
    assert "=10+10" in [cell.value for cell in cells]


def test_unclear_columns_wait_for_a_choice_that_is_kept(supplier, clock):
    file = csv_file("商品名称,规格,一级代理价,二级代理价,类型", "腾讯视频VIP,月卡,20.85,21,卡密")
    sheet_import = run(supplier, file, clock)
    assert (sheet_import.state, sheet_import.doubts) == ("parsed", ["two_prices:一级代理价/二级代理价"])
    headers = sheet_import.mappings[0]["headers"]
    mappings.remember(
        supplier.id,
        "offers",
        headers,
        [(0, "name", False), (1, "spec", False), (3, "price", False), (4, "kind", False)],
        at=NOW,
    )
    done = run(supplier, file, clock)
    assert (done.state, SupplierOffer.objects.get().unit_price_e4) == ("done", 210_000)
    run(supplier, csv_file("商品名称,规格,一级代理价,二级代理价,类型", "腾讯视频VIP,季卡,58,59,卡密"), clock)
    assert SupplierOffer.objects.get(sku__variant_zh="季卡").unit_price_e4 == 590_000


def test_an_unreadable_file_is_refused_and_leaves_nothing(supplier, clock):
    with pytest.raises(Refusal) as refusal:
        run(supplier, Upload("old.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600), clock)
    assert refusal.value.code == "file_unreadable"
    assert SheetImport.objects.get().state == "cancelled"
    assert (ImportRow.objects.count(), SupplierOffer.objects.count()) == (0, 0)


def test_cancelling_before_and_while_applying(supplier, clock, monkeypatch):
    sheet_import, _ = imports.upload(
        supplier, sample("supplier-b-quote.csv"), kind="offers", at=NOW, actor=SYSTEM
    )
    running.preview(sheet_import.id, at=NOW)
    imports.cancel(sheet_import.id, at=NOW, actor=SYSTEM)
    with pytest.raises(Refusal):
        imports.start(sheet_import.id, at=NOW, actor=SYSTEM)
    assert SupplierOffer.objects.count() == 0
    second, fresh = imports.upload(
        supplier, sample("supplier-b-quote.csv"), kind="offers", at=NOW, actor=SYSTEM
    )
    assert fresh
    running.preview(second.id, at=NOW)
    imports.start(second.id, at=NOW, actor=SYSTEM)
    monkeypatch.setattr("kamao.business.supply.import_offers.CHUNK_ROWS", 50)
    chunks = []

    def chunk_then_cancel(row, at):
        done = running.import_offers.apply_chunk(row, at)
        chunks.append(done)
        row.cancel_asked = True
        return done

    imports.apply_next_chunk(second.id, chunk_then_cancel, at=NOW)
    stopped = imports.apply_next_chunk(second.id, chunk_then_cancel, at=NOW)
    assert (stopped.state, chunks, SupplierOffer.objects.count()) == ("cancelled", [50], 49)


def test_the_file_is_sealed_at_rest(supplier, clock):
    run(supplier, Upload("codes.txt", b"10001----TOPSECRETCODE1"), clock, kind="codes")
    stored = SheetFile.objects.get()
    assert b"TOPSECRETCODE1" not in bytes(stored.sealed)
    assert not ImportRow.objects.filter(title__contains="TOPSECRET").exists()


def test_codes_of_the_sample_file_reach_the_offers_lots(supplier, clock):
    run(supplier, sample("supplier-a-quote.xlsx"), clock)
    done = run(supplier, sample("supplier-a-codes.csv"), clock, kind="codes")
    assert (done.state, done.counts["applied"], done.counts["refused"]) == ("done", 3001, 2)
    reasons = list(
        ImportRow.objects.filter(sheet_import=done).order_by("place").values_list("number", "reason")
    )
    assert reasons == [(3002, "secret_missing"), (3004, "duplicate")]
    counts = engine(
        "SELECT p.name_zh, s.variant_zh, count(*) FROM stock_code c JOIN pricing_offer o ON o.id = c.offer"
        " JOIN public.catalog_sku s ON s.id = o.sku JOIN public.catalog_product p ON p.id = s.product_id"
        " WHERE o.supplier = %s AND c.state = 'free' GROUP BY 1, 2 ORDER BY 3, 1",
        supplier.id,
    )
    assert len(counts) == 61
    assert counts[0] == ("腾讯视频VIP", "7天", 1)
    assert {count for _, _, count in counts[1:]} == {50}
    assert engine("SELECT count(*) FROM stock_code WHERE expires_at = '2028-06-30 16:00+00'") == [(782,)]


def test_codes_before_a_quote_wait_and_the_quote_puts_them_on_sale(supplier, clock):
    file = csv_file("商品,规格,卡号,卡密", "腾讯视频VIP,月卡,1,AAAA-BBBB-CCCC")
    done = run(supplier, file, clock, kind="codes")
    offer = SupplierOffer.objects.get(supplier=supplier)
    assert (done.counts["applied"], offer.status, offer.awaiting_quote) == (1, "paused", True)
    run(supplier, csv_file("货号,商品名称,规格,供货价,类型", "A1,腾讯视频VIP,月卡,20.85,卡密"), clock)
    quoted = SupplierOffer.objects.get(supplier=supplier)
    assert (quoted.id, quoted.item, quoted.status, quoted.awaiting_quote) == (offer.id, "A1", "active", False)
    assert prices_of(supplier, NOW) == {offer.id: 208_500}


def test_codes_of_an_unknown_title_wait_and_are_imported_when_decided(supplier, clock):
    file = csv_file(
        "商品,规格,卡号,卡密", "鹅厂卡,1个月,1,AAAA-BBBB-CCCC", "腾讯视频VIP,月卡,2,DDDD-EEEE-FFFF"
    )
    done = run(supplier, file, clock, kind="codes")
    assert (done.counts["applied"], done.counts["review"]) == (1, 1)
    sku = Sku.objects.get(product__name_zh="腾讯视频VIP", variant_zh="月卡")
    row = reviews.waiting(supplier.id).get()
    assert reviews.decide(row.id, sku_id=sku.id, at=NOW, actor=SYSTEM) == 1
    assert engine("SELECT count(*) FROM stock_code") == [(2,)]
    row.refresh_from_db()
    assert row.outcome == "imported"


def test_lines_of_codes_need_an_offer_and_stay_within_it(supplier, clock):
    lines = Upload("codes.txt", b"10001----AAAA1111BBBB\n10002----CCCC2222DDDD\n")
    refused_all = run(supplier, lines, clock, kind="codes")
    assert refused_all.counts["refused"] == 2
    run(supplier, csv_file("货号,商品名称,规格,供货价,类型", "A1,腾讯视频VIP,月卡,20.85,卡密"), clock)
    offer = SupplierOffer.objects.get(item="A1")
    done = run(supplier, lines, clock, kind="codes", options=Options(offer=offer.id))
    assert (done.state, done.counts["applied"]) == ("done", 2)
    assert engine("SELECT count(*) FROM stock_code WHERE offer = %s", offer.id) == [(2,)]
