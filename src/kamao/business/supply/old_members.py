"""Members of an old shop become merchants: organisation, level, sign-in, and one audited opening entry per
balance.

Owns the memory of who came from where, so that a second run books nothing twice and only tells what differs.
Refuses balances that are not exact, negative balances (a debt is settled by people) and levels it cannot
read.
"""

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Final

import msgspec
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction

from kamao.business.engine_bridge import cell_connection
from kamao.business.identity import audit, operations
from kamao.business.identity.models import Organisation, Role, User, fold_email
from kamao.business.supply.models import OldMember
from kamao.business.supply.sheets.reader import read_book
from kamao.business.supply.sheets.records import MEMBERS, Record, find_records
from kamao.business.supply.sheets.text import fold
from kamao.business.supply.sheets.values import parse_price, parse_state
from kamao.engine.cells import LIVE
from kamao.engine.ledger.accounts import platform, wallet
from kamao.engine.ledger.operations import transfer
from kamao.engine.ledger.queries import balances
from kamao.engine.ledger.types import Transfer
from kamao.kernel.errors import Refusal
from kamao.kernel.ids import RandomIds
from kamao.kernel.money import CURRENCY_EXPONENTS, E4

SOURCE_MAX: Final = 64
_LEVEL_NAMES: Final = (
    (("普通", "默认", "注册", "游客", "basic", "default", "normal"), 0),
    (("铜", "青铜", "初级", "bronze"), 1),
    (("白银", "银", "中级", "silver"), 2),
    (("黄金", "金牌", "金", "高级", "gold"), 3),
    (("白金", "铂金", "platinum"), 4),
    (("钻石", "钻", "至尊", "diamond"), 5),
)
_CODE: Final = "CNY"


class ReportLine(msgspec.Struct, frozen=True):
    """What became of one row: ``outcome`` is new, same, differs or refused, and a sentence in both
    languages.
    """

    sheet: str
    number: int
    subject: str
    outcome: str
    zh: str
    en: str


class _Member(msgspec.Struct, frozen=True):
    record: Record
    account: str
    name: str
    email: str
    level: int
    balance_minor: int
    active: bool


class _Refused(Exception):
    def __init__(self, zh: str, en: str) -> None:
        super().__init__(en)
        self.zh, self.en = zh, en


def read_level(text: str) -> int | None:
    """Return a level from its number or its common name; None where it says neither."""
    folded = fold(text)
    if not folded:
        return 0
    number = re.search(r"\d{1,2}", folded)
    if number:
        return int(number.group())
    return next((level for names, level in sorted(_LEVEL_NAMES, key=lambda pair: -pair[1])
                 if any(name in folded for name in names)), None)  # fmt: skip


def _read(record: Record) -> _Member:
    account = record.text("account")
    if not account or len(account) > 120:
        raise _Refused("没有账号", "the account is missing")
    level = read_level(record.text("level"))
    if level is None:
        raise _Refused(
            f"等级“{record.text('level')[:20]}”无法识别，请写成数字",
            "the level cannot be read; write a number",
        )
    balance = record.text("balance")
    price = parse_price(record.cells.get("balance")) if balance else None
    minor_e4 = E4 // 10 ** CURRENCY_EXPONENTS[_CODE]
    if price is None or price.reason in {"price_zero", "price_missing"}:
        minor = 0
    elif price.reason == "price_negative":
        raise _Refused(
            f"余额为负（{balance}），请先结清欠款", "the balance is negative: settle the debt first"
        )
    elif price.unit_price_e4 is None or price.unit_price_e4 % minor_e4 or price.currency not in {"", _CODE}:
        raise _Refused(f"余额“{balance[:20]}”不是准确到分的金额", "the balance is no amount in whole fen")
    else:
        minor = price.unit_price_e4 // minor_e4
    email = fold_email(record.text("email"))
    if email:
        try:
            validate_email(email)
        except ValidationError as error:
            raise _Refused(f"邮箱“{email[:40]}”无效", "the e-mail address is invalid") from error
    state = parse_state(record.cells.get("state"))
    return _Member(record, account, record.text("name") or account, email, level, minor, state != "off")


def import_members(
    content: bytes, filename: str, *, source: str, at: datetime, actor: audit.Actor, dry_run: bool = False
) -> list[ReportLine]:
    """Take in members of an old shop called ``source``; returns what became of each row.

    Each member commits by itself. Raises Refusal `file_unreadable` where the file has no column of accounts.
    """
    records = find_records(read_book(content, filename), MEMBERS, needed=frozenset({"account"}))
    if not records:
        raise Refusal(
            "file_unreadable", zh="没有找到会员账号列。", en="No column of member accounts was found."
        )
    lines = []
    seen: dict[str, int] = {}
    for record in records:
        try:
            member = _read(record)
            _refuse_twice(member, seen)
            lines.append(_take(member, source=source[:SOURCE_MAX], at=at, actor=actor, dry_run=dry_run))
        except _Refused as reason:
            lines.append(
                ReportLine(
                    record.sheet, record.number, record.text("account"), "refused", reason.zh, reason.en
                )
            )
    return lines


def _refuse_twice(member: _Member, seen: dict[str, int]) -> None:
    first = seen.setdefault(member.account, member.record.number)
    if first != member.record.number:
        raise _Refused(f"账号在第 {first} 行已出现", f"the account stands in row {first} already")


def _take(member: _Member, *, source: str, at: datetime, actor: audit.Actor, dry_run: bool) -> ReportLine:
    with transaction.atomic():
        known = (
            OldMember.objects.select_related("organisation")
            .filter(source=source, account=member.account)
            .first()
        )
        if known is not None:
            return _compare(member, known)
        if not dry_run:
            _create(member, source=source, at=at, actor=actor)
    yuan = f"{member.balance_minor // 100}.{member.balance_minor % 100:02d}"
    return _line(member, "new", f"新商户，等级 {member.level}，期初余额 {yuan}",
                 f"a new merchant, level {member.level}, opening balance {yuan}")  # fmt: skip


def _line(member: _Member, outcome: str, zh: str, en: str) -> ReportLine:
    return ReportLine(member.record.sheet, member.record.number, member.account, outcome, zh, en)


def _compare(member: _Member, known: OldMember) -> ReportLine:
    """Tell what differs from what was taken over; nothing is changed, because people have traded since."""
    zh, en = [], []
    if known.organisation.level != member.level:
        zh.append(f"等级：现为 {known.organisation.level}，表中 {member.level}")
        en.append(f"level: {known.organisation.level} here, {member.level} in the file")
    if known.opening_minor != member.balance_minor:
        zh.append(f"期初余额：已记 {known.opening_minor} 分，表中 {member.balance_minor} 分")
        en.append(f"opening balance: {known.opening_minor} booked, {member.balance_minor} in the file")
    if known.organisation.display_name != member.name[:80]:
        zh.append(f"名称：现为 {known.organisation.display_name}，表中 {member.name}")
        en.append(f"name: {known.organisation.display_name} here, {member.name} in the file")
    if zh:
        return _line(member, "differs", "；".join(zh), "; ".join(en))
    return _line(member, "same", "已导入，没有变化", "taken over before, nothing differs")


def _create(member: _Member, *, source: str, at: datetime, actor: audit.Actor) -> None:
    organisation = operations.register_organisation(
        kind="merchant", legal_name=member.name[:200], display_name=member.name[:80], actor=actor, at=at,
        level=member.level,
    )  # fmt: skip
    if member.email:
        user = User.objects.filter(email=member.email).first() or operations.create_user(
            member.email, password=None, name=member.name[:120]
        )
        operations.add_member(organisation, user=user, role=Role.ADMIN, actor=actor, at=at)
    if member.balance_minor:
        _open_balance(organisation, member, source=source, at=at)
    OldMember.objects.create(
        source=source,
        account=member.account,
        organisation=organisation,
        opening_minor=member.balance_minor,
        taken_at=at,
    )
    audit.record(
        "member.take_over", actor=actor, at=at, organisation=organisation.id, object_kind="old_member",
        object_id=f"{source}/{member.account}"[:120], details={"opening_minor": member.balance_minor,
                                                               "level": member.level},
    )  # fmt: skip
    if not member.active:
        operations.set_organisation_status(
            organisation, status="suspended", reason="在原系统中已停用", actor=actor, at=at
        )


def _open_balance(organisation: Organisation, member: _Member, *, source: str, at: datetime) -> None:
    """Book the one opening entry: what the old shop owed its member, against the account of openings."""
    entry = Transfer(
        key=f"opening:{source}:{member.account}", kind="opening", debit=platform("opening",
                                                                                 organisation.currency),
        credit=wallet(organisation.id, organisation.currency), amount_minor=member.balance_minor,
        subject=organisation.id,
    )  # fmt: skip
    with cell_connection(LIVE) as connection:
        result = transfer(connection, [entry], at=at, ids=RandomIds(LIVE.number))[0]
        assert result.outcome == "created", f"an opening entry of a new member is new ({result.outcome})"
        held = balances(connection, [entry.credit])[entry.credit.id].balance_minor
        assert held == member.balance_minor, "a new wallet holds its opening balance and nothing else"


def merchant_of(source: str, account: str) -> Organisation | None:
    """Return the merchant that an old shop's account became."""
    row = OldMember.objects.select_related("organisation").filter(source=source, account=account).first()
    return row.organisation if row else None


def summary(lines: Sequence[ReportLine]) -> dict[str, int]:
    """Count the outcomes of a report."""
    counts: dict[str, int] = {}
    for line in lines:
        counts[line.outcome] = counts.get(line.outcome, 0) + 1
    return counts
