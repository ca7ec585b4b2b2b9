"""Members, goods, private prices and codes of an old shop."""

import io

import pytest
from django.db import connection
from openpyxl import Workbook

from kamao.business.engine_bridge import cell_connection
from kamao.business.identity.audit import SYSTEM
from kamao.business.identity.models import AuditEntry, Membership, Organisation
from kamao.business.supply import old_goods, old_members
from kamao.business.supply.imports import Upload
from kamao.business.supply.models import OldMember, SupplierOffer
from kamao.engine.cells import LIVE
from kamao.engine.ledger.accounts import wallet
from kamao.engine.ledger.queries import balances
from kamao.kernel.errors import Refusal
from tests.supply.conftest import NOW

pytestmark = pytest.mark.django_db

MEMBERS = (
    "会员导出\n账号,昵称,邮箱,会员等级,余额,状态\n"
    'shop1,小明数卡,ming@example.test,VIP2,"¥1,234.56",正常\n'
    "shop2,阿华,,钻石代理,0,正常\n"
    "shop3,欠款户,,普通会员,-5.00,正常\n"
    "shop4,半分,,1,1.005,正常\n"
    "shop1,重复,,1,3,正常\n"
    "shop5,停用,,1,2.00,停用\n合计,,,,1236,\n"
)


def take(text=MEMBERS, **more):
    return old_members.import_members(
        text.encode("gb18030"), "m.csv", source="old", at=NOW, actor=SYSTEM, **more
    )


def balance(account):
    merchant = old_members.merchant_of("old", account)
    with cell_connection(LIVE) as engine:
        held = balances(engine, [wallet(merchant.id)])
    return held[wallet(merchant.id).id].balance_minor


def test_members_become_merchants_with_one_opening_entry(supplier):
    lines = take()
    assert [(line.number, line.subject, line.outcome) for line in lines] == [
        (3, "shop1", "new"),
        (4, "shop2", "new"),
        (5, "shop3", "refused"),
        (6, "shop4", "refused"),
        (7, "shop1", "refused"),
        (8, "shop5", "new"),
    ]
    first = old_members.merchant_of("old", "shop1")
    assert (first.display_name, first.level, first.status) == ("小明数卡", 2, "active")
    assert old_members.merchant_of("old", "shop2").level == 5
    assert old_members.merchant_of("old", "shop5").status == "suspended"
    assert (balance("shop1"), balance("shop2"), balance("shop5")) == (123_456, 0, 200)
    assert Membership.objects.get(organisation=first).user.email == "ming@example.test"
    assert AuditEntry.objects.filter(act="member.take_over").count() == 3


def test_a_second_run_books_nothing_and_tells_what_differs(supplier):
    take()
    lines = take(MEMBERS.replace('VIP2,"¥1,234.56"', "VIP3,99.00"))
    assert [line.outcome for line in lines] == ["differs", "same", "refused", "refused", "refused", "same"]
    assert lines[0].zh == "等级：现为 2，表中 3；期初余额：已记 123456 分，表中 9900 分"
    assert balance("shop1") == 123_456
    assert OldMember.objects.count() == 3


def test_a_dry_run_writes_nothing(supplier):
    before = Organisation.objects.count()
    assert [line.outcome for line in take(dry_run=True)].count("new") == 3
    assert Organisation.objects.count() == before


def test_a_file_without_accounts_is_refused(supplier):
    with pytest.raises(Refusal) as refusal:
        take("颜色,大小\n红,1\n")
    assert refusal.value.code == "file_unreadable"


def test_goods_private_prices_and_codes_of_one_workbook(supplier, clock):
    take()
    book = Workbook()
    goods = book.active
    goods.title = "商品"
    goods.append(["商品编号", "商品名称", "规格", "成本价", "零售价"])
    goods.append(["g1", "腾讯视频VIP", "月卡", 20.85, 28])
    private = book.create_sheet("密价")
    private.append(["会员账号", "商品名称", "规格", "密价", "类型"])
    private.append(["shop1", "腾讯视频会员", "1个月", "21.5", "卡密"])
    private.append(["nobody", "腾讯视频会员", "1个月", "21.5", "卡密"])
    private.append(["shop1", "没有的商品", "1个月", "21.5", "卡密"])
    codes = book.create_sheet("未售卡密")
    codes.append(["商品", "规格", "卡号", "卡密"])
    codes.append(["腾讯视频VIP", "月卡", "1", "AAAA-BBBB-CCCC"])
    buffer = io.BytesIO()
    book.save(buffer)
    upload = Upload("old.xlsx", buffer.getvalue())
    result = old_goods.import_goods(upload, source="old", supplier=supplier, clock=clock, actor=SYSTEM)
    assert [(made.kind, made.state, made.counts["applied"]) for made in result.imports] == [
        ("offers", "done", 1),
        ("codes", "done", 1),
    ]
    assert [line.outcome for line in result.lines] == ["new", "refused", "refused"]
    assert SupplierOffer.objects.get().unit_price_e4 == 208_500
    merchant = old_members.merchant_of("old", "shop1")
    with connection.cursor() as cursor:
        cursor.execute("SELECT audience, fixed_e4 FROM ref_live.pricing_rule WHERE audience_kind = 'private'")
        assert cursor.fetchall() == [(merchant.id.hex, 215_000)]
    again = old_goods.import_goods(upload, source="old", supplier=supplier, clock=clock, actor=SYSTEM)
    assert [line.outcome for line in again.lines] == ["same", "refused", "refused"]
    assert [made.id for made in again.imports] == [made.id for made in result.imports]
