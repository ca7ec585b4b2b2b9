"""Reading of sheets: encodings, shapes, headers, values, hostile files. No database."""

import io
import zipfile
from datetime import UTC, date, datetime

import pytest
from openpyxl import Workbook

from kamao.business.supply.sheets import reasons
from kamao.business.supply.sheets.codes import read_codes
from kamao.business.supply.sheets.columns import propose
from kamao.business.supply.sheets.index import SkuIndex
from kamao.business.supply.sheets.match import RowTitle, match_row, suggest
from kamao.business.supply.sheets.plan import fen_suspected, plan_offers
from kamao.business.supply.sheets.reader import read_book
from kamao.business.supply.sheets.table import find_tables
from kamao.business.supply.sheets.text import fold, squash
from kamao.business.supply.sheets.values import cell_text, parse_count, parse_expiry, parse_price, parse_state
from kamao.kernel.errors import Refusal
from tests.supply.library import sample_library

NOW = datetime(2026, 11, 20, tzinfo=UTC)
LINES = "货号,商品名称,规格,供货价,类型\r\nA1,腾讯视频VIP,月卡,20.85,卡密\r\nA2,优酷会员,年卡,182.49,卡密\r\n"
TRADITIONAL = (
    "貨號,商品名稱,規格,供貨價,類型\r\nA1,騰訊視頻VIP會員,月卡,20.85,卡密\r\nA2,優酷會員,年卡,182.49,卡密\r\n"
)


@pytest.fixture(scope="module")
def index():
    return SkuIndex(sample_library())


def planned(content, index, name="f.csv", **more):
    tables, _ = find_tables(read_book(content, name))
    return plan_offers(tables, index, decisions={}, known_items=more.get("known", {}), at=NOW)


def goods(rows):
    return [(row.item, row.sku.code, row.unit_price_e4) for row in rows if row.fate == "offer"]


def saved(book):
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


EXPECTED = [("A1", "腾讯视频VIP|月卡", 208_500), ("A2", "优酷VIP|年卡", 1_824_900)]


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        *[
            (LINES, name)
            for name in ("utf-8", "utf-8-sig", "gbk", "gb18030", "utf-16", "utf-16-le", "utf-16-be")
        ],
        *[(TRADITIONAL, name) for name in ("utf-8", "utf-8-sig", "big5", "gb18030", "utf-16")],
    ],
)
def test_encodings(text, encoding, index):
    assert goods(planned(text.encode(encoding), index)) == EXPECTED


@pytest.mark.parametrize("delimiter", [",", "\t", ";", "|", "，"])
def test_delimiters(delimiter, index):
    assert goods(planned(LINES.replace(",", delimiter).encode(), index)) == EXPECTED
    assert (
        goods(planned(("sep=" + delimiter + "\n" + LINES.replace(",", delimiter)).encode(), index))
        == EXPECTED
    )


@pytest.mark.parametrize(
    "headers",
    [
        "商品编号,产品名称,面值/时长,结算价(元),发货类型",
        "SKU,Product Name,Denomination,Supply Price,Delivery Type",
        "编码,标题,规格,代理价,类型",
        "商家编码,品名,规格型号,拿货价￥,商品类型",
        "ITEM,TITLE,VARIANT,Cost Price (CNY),KIND",
        "货 号,【商品名称】,规 格,含税供货价,交付方式",
    ],
)
def test_headers_under_many_names(headers, index):
    body = LINES.split("\r\n", 1)[1]
    assert goods(planned(f"{headers}\r\n{body}".encode(), index)) == EXPECTED


def test_a_workbook_with_everything_suppliers_do(index):
    book = Workbook()
    sheet = book.active
    sheet.title = "视频"
    sheet.append(["某某供应链 报价单"])
    sheet.merge_cells("A1:E1")
    sheet.append([])
    sheet.append(["品牌", "商品名称", "价格", None, "规格"])
    sheet.append([None, None, "官方价", "供货价", None])
    sheet.merge_cells("C3:D3")
    sheet.append(["腾讯视频", "VIP会员", 30, 20.85, "月卡"])
    sheet.append([None, "VIP会员", 84, "５８.３９", "季卡"])
    sheet.merge_cells("A5:A6")
    sheet.append(["优酷", "VIP", 30, 1, "月卡"])
    sheet.row_dimensions[7].hidden = True
    sheet.append([])
    sheet.append(["小计", None, None, 79.24, None])
    games = book.create_sheet("点卡")
    games.append(["商品名称", "面值", "成本", "供货价"])
    games.column_dimensions["C"].hidden = True
    games.append(["【网易】"])
    games.append(["网易一卡通", 30, 1, "¥28.31"])
    games.append(["商品名称", "面值", "成本", "供货价"])
    games.append(["京东E卡", "1,000元", 1, "RMB 927.43"])
    old = book.create_sheet("旧价")
    old.append(["商品名称", "规格", "供货价"])
    old.append(["腾讯视频VIP", "年卡", 1])
    old.sheet_state = "hidden"
    book.create_sheet("说明").append(["价格每日更新"])
    content = saved(book)
    tables, others = find_tables(read_book(content))
    assert (len(tables), others) == (2, ["旧价", "说明"])
    rows = plan_offers(tables, index, decisions={}, known_items={}, at=NOW)
    assert goods(rows) == [
        ("", "腾讯视频VIP|月卡", 208_500), ("", "腾讯视频VIP|季卡", 583_900), ("", "网易一卡通|30元", 283_100),
        ("", "京东E卡|1000元", 9_274_300),
    ]  # fmt: skip
    why = {(row.sheet, row.number): row.reason for row in rows if row.fate != "offer"}
    assert why["视频", 7] == "hidden"
    assert why["视频", 9] == "total"
    assert (why["点卡", 2], why["点卡", 4]) == ("heading", "header")


def test_the_kind_may_stand_in_the_title_the_sheet_name_or_a_column(index):
    assert goods(planned("直充报价单\n商品名称,规格,供货价\n腾讯视频VIP,月卡,19.02\n".encode(), index)) == [
        ("", "腾讯视频VIP 直充|月卡", 190_200)
    ]
    assert goods(
        planned("商品名称,规格,供货价,充值方式\n腾讯视频VIP,月卡,19.02,手机号\n".encode(), index)
    ) == [("", "腾讯视频VIP 直充|月卡", 190_200)]
    rows = planned("商品名称,规格,供货价,类型\n腾讯视频VIP 直充,月卡,19.02,卡密\n".encode(), index)
    assert [row.reason for row in rows if row.fate == "review"] == ["kind_conflict"]


def test_section_headings_give_the_brand(index):
    text = "商品名称,规格,供货价\n中国移动,,\n话费,50元,48.37\n中国联通,,\n话费,50元,48.29\n"
    assert goods(planned(text.encode(), index)) == [
        ("", "中国移动话费|50元", 483_700), ("", "中国联通话费|50元", 482_900),
    ]  # fmt: skip


def test_hidden_columns_mean_nothing_and_two_prices_ask():
    mapping = propose(["名称", "供货价", "代理价"], [["a", 1, 2]], hidden=frozenset({1}))
    assert [(column.role, column.at) for column in mapping.columns] == [("name", 0), ("price", 2)]
    assert propose(["名称", "供货价", "代理价"], [["a", 1, 2]]).doubts == ("two_prices:供货价/代理价",)
    taxed = propose(["名称", "供货价(不含税)", "供货价(含税)"], [["a", 1, 2]])
    assert (taxed.doubts, taxed.column("price").at) == ((), 2)


def test_a_running_number_is_no_item_number(index):
    text = "编号,商品名称,规格,供货价\n1,腾讯视频VIP,月卡,20.85\n2,腾讯视频VIP,季卡,58.39\n"
    assert goods(planned(text.encode(), index)) == [
        ("", "腾讯视频VIP|月卡", 208_500),
        ("", "腾讯视频VIP|季卡", 583_900),
    ]


def test_a_sheet_in_fen_without_saying_so_is_noticed(index):
    rows = planned(
        "商品名称,规格,供货价\n腾讯视频VIP,月卡,2085\n腾讯视频VIP,季卡,5839\n优酷VIP,月卡,1901\n".encode(),
        index,
    )
    assert {row.reason for row in rows if row.fate == "review"} == {"price_above_official"}
    assert fen_suspected(rows)


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("2027-12-31", datetime(2027, 12, 31, 16, tzinfo=UTC)),
        ("2028/6/30", datetime(2028, 6, 30, 16, tzinfo=UTC)),
        ("2028年6月30日", datetime(2028, 6, 30, 16, tzinfo=UTC)),
        ("20280630", datetime(2028, 6, 30, 16, tzinfo=UTC)),
        (20280630, datetime(2028, 6, 30, 16, tzinfo=UTC)),
        (date(2028, 6, 30), datetime(2028, 6, 30, 16, tzinfo=UTC)),
        # A spreadsheet gives a time without a zone.
        (datetime(2028, 6, 30), datetime(2028, 6, 30, 16, tzinfo=UTC)),  # noqa: DTZ001
        ("2028-06-30 12:00", datetime(2028, 6, 30, 4, tzinfo=UTC)),
        ("2028-06-30T12:00:00Z", datetime(2028, 6, 30, 12, tzinfo=UTC)),
        ("有效期至2028.6.30", datetime(2028, 6, 30, 16, tzinfo=UTC)),
        ("长期", None), ("永久有效", None), ("", None), (None, None), ("—", None),
    ],
)  # fmt: skip
def test_expiry_is_the_end_of_the_business_day(cell, expected):
    moment = parse_expiry(cell)
    assert (moment.at, moment.reason) == (expected, "")


@pytest.mark.parametrize("cell", ["2028-02-30", "3/4/2028", "明年", "12", "2028-13-01", 3.5])
def test_dates_that_are_not_certain_are_refused(cell):
    assert parse_expiry(cell).reason == "date_unreadable"


@pytest.mark.parametrize(
    ("cell", "fen", "e4"),
    [
        (14.5, False, 145_000), (19.99, False, 199_900), (5.6000000000000005, False, 56_000),
        (1450, True, 145_000),
        ("1450", True, 145_000), ("¥14.50", True, 145_000), ("1,234.50", False, 12_345_000),
        ("0.9655", False, 9_655),
        ("１４．５０", False, 145_000), ("14.50元/张", False, 145_000),
    ],
)  # fmt: skip
def test_prices_become_exact_integers(cell, fen, e4):
    assert parse_price(cell, fen=fen).unit_price_e4 == e4


def test_small_values():
    assert (parse_count("1,200张"), parse_count("充足"), parse_count(3.0), parse_count(-1)) == (
        1200,
        None,
        3,
        None,
    )
    assert (parse_state("在售"), parse_state("已下架"), parse_state(""), parse_state("看心情")) == (
        "on",
        "off",
        "on",
        None,
    )
    assert (cell_text(100.0), cell_text(14.5), cell_text(None)) == ("100", "14.5", "")
    assert squash(fold("1.5 GB")) != squash(fold("15GB"))
    assert squash(fold("11 1年")) != squash(fold("111年"))


def test_suggestions_put_the_likely_sku_first(index):
    ranked = suggest(RowTitle("腾迅视频VIP 月卡"), index)
    assert ranked[0][0].code in {"腾讯视频VIP|月卡", "腾讯视频VIP 直充|月卡"}
    assert match_row(RowTitle("腾迅视频VIP 月卡"), index).sku is None


def test_every_reason_speaks_both_languages_and_fills_its_places():
    for code, (zh, en) in reasons.REASONS.items():
        assert any("\u4e00" <= char <= "\u9fff" for char in zh), code
        assert not any("\u4e00" <= char <= "\u9fff" for char in en), code
        assert "{" not in reasons.reason_text(code, "zh"), code
        assert "{" not in reasons.reason_text(code, "en"), code


def zipped(**members):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def test_archives_of_codes_name_their_goods():
    content = zipped(
        **{
            "腾讯视频VIP 月卡.txt": b"1----AAAA\n2----BBBB\n",
            "codes.csv": "卡号,卡密\n3,CCCC\n".encode("gbk"),
        }
    )
    rows = read_codes(content, "all.zip").rows
    assert [(row.name, row.number, row.secret) for row in rows] == [
        ("腾讯视频VIP 月卡", "1", "AAAA"), ("腾讯视频VIP 月卡", "2", "BBBB"), ("", "3", "CCCC"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "text",
    [
        "A----B\nC----D\n", "A|B\nC|D\n", "A\tB\nC\tD\n", "A,B\nC,D\n", "A B\nC D\n", "卡号,卡密\nA,B\nC,D\n",
        "卡号----卡密\nA----B\nC----D\n",
        "card number,pin\nA,B\nC,D\n", "卡号:A 密码:B\n卡号:C 密码:D\n", "\ufeffA----B\r\n\r\nC----D",
    ],
)  # fmt: skip
def test_files_of_codes_in_many_shapes(text):
    assert [(row.number, row.secret) for row in read_codes(text.encode(), "codes.txt").rows] == [
        ("A", "B"),
        ("C", "D"),
    ]


def test_codes_a_spreadsheet_has_rounded_are_refused():
    book = Workbook()
    book.active.append(["卡号", "卡密"])
    book.active.append([1, 1234567890123456789])
    book.active.append(["0001", "0002"])
    rows = read_codes(saved(book), "c.xlsx").rows
    assert [(row.reason, row.number, row.secret) for row in rows] == [
        ("secret_digits_lost", "", ""),
        ("", "0001", "0002"),
    ]


def test_a_code_never_shows_itself():
    code_file = read_codes(b"10001----TOPSECRET\n", "codes.txt")
    assert "TOPSECRET" not in repr(code_file)
    assert "TOPSECRET" not in repr(code_file.rows[0])


def bomb():
    return zipped(**{"xl/workbook.xml": b"0" * 60_000_000})


@pytest.mark.parametrize(
    "content",
    [
        b"PK\x03\x04broken", b"%PDF-1.7", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", bomb(), zipped(a=b"x"),
        zipped(**{"xl/workbook.xml": b'<!DOCTYPE x [<!ENTITY a "b">]><workbook>&a;</workbook>'}),
        b'a,"b\n' + b"x" * 50_000,
        b",".join([b"a"] * 300),
    ],
)  # fmt: skip
def test_files_that_are_no_sheets_are_refused(content):
    with pytest.raises(Refusal) as refusal:
        read_book(content, "f")
    assert refusal.value.code in {"file_unreadable", "file_too_large"}


def test_archives_with_archives_inside_are_refused():
    with pytest.raises(Refusal):
        read_codes(zipped(**{"a.txt": zipped(b=b"x")}), "a.zip")
