"""Three-way reconciliation of one account and day: our payments and refunds, the provider's bill, the
ledger's cash.

Owns bills, their lines and the breaks. Each difference is named (`states.BREAK_KINDS`), opened once, aged
from that moment and closed only by a later run that no longer finds it. A payment that only the bill knows
is asked for and booked (补单). Refuses to explain a difference away: nothing is posted here.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import msgspec
from django.db import transaction

from kamao.business.engine_bridge import cell_connection
from kamao.business.payments import intents
from kamao.business.payments.calls import call_provider
from kamao.business.payments.models import (
    Bill,
    BillLine,
    Break,
    PaymentIntent,
    ProviderAccount,
    RefundAttempt,
)
from kamao.business.payments.port import Bill as FetchedBill
from kamao.business.payments.port import BillLine as Line
from kamao.business.payments.port import Paid
from kamao.business.payments.refunds import ask, refund_number
from kamao.engine.cells import ALL, Cell
from kamao.engine.ledger.accounts import cash
from kamao.kernel.clock import BUSINESS_ZONE
from kamao.kernel.ids import first_id_at

_FOLDER: Final = Path(__file__).with_name("sql")


class Difference(msgspec.Struct, frozen=True):
    """One break as found now; amounts are minor units, 0 where a side has nothing."""

    kind: str
    number: str
    ours_minor: int
    theirs_minor: int


class Reconciled(msgspec.Struct, frozen=True):
    """Result of one run. `is_known` is False when the provider gave no bill: nothing was compared or
    closed.
    """

    is_known: bool
    is_final: bool = False
    lines: int = 0
    differences: tuple[Difference, ...] = ()


class OurSide(msgspec.Struct, frozen=True):
    """Our side of a day: amount and ledger amount by number."""

    payments: dict[str, tuple[int, int]]
    refunds: dict[str, tuple[int, int]]
    cash_change_minor: int


def reconcile(account: ProviderAccount, *, day: date, at: datetime) -> Reconciled:
    """Fetch a day's bill, heal what only the bill knows, compare the three sides and bring the breaks up to
    date.
    """
    bill = call_provider(account, act="bill", number=day.isoformat(), at=at, work=lambda p: p.bill(day))
    if not isinstance(bill, FetchedBill):
        return Reconciled(is_known=False)
    _heal(account, bill=bill, at=at)
    cell = ALL[account.cell]
    with transaction.atomic():
        ours = _read_ours(account, cell=cell, day=day)
        _store(account, bill=bill, ours=ours, at=at)
        differences = compare(
            bill.lines, ours=ours, known_elsewhere=_known_elsewhere(account, lines=bill.lines, cell=cell)
        )
        differences += _late_refunds(account, day=day, cell=cell)
        _write_breaks(account, day=day, differences=differences, at=at)
    return Reconciled(True, bill.is_final, len(bill.lines), tuple(differences))


def compare(
    lines: Sequence[Line], *, ours: OurSide, known_elsewhere: Mapping[tuple[str, str], int]
) -> list[Difference]:
    """Every difference between a bill and our side of the day; pure.

    `known_elsewhere` are amounts of billed numbers that we hold under another day: a payment is compared
    whatever day we booked it on.
    """
    found: list[Difference] = []
    for line in lines:
        mine = (ours.payments if line.kind == "payment" else ours.refunds).get(line.number)
        elsewhere = known_elsewhere.get((line.kind, line.number))
        amount = mine[0] if mine is not None else elsewhere
        if amount is None:
            found.append(Difference(f"{line.kind}_missing_here", line.number, 0, line.amount_minor))
        elif amount != line.amount_minor:
            found.append(Difference("amount_differs", line.number, amount, line.amount_minor))
    billed = {line.number for line in lines if line.kind == "payment"}
    for number, (amount, _) in ours.payments.items():
        if number not in billed:
            found.append(Difference("payment_missing_at_provider", number, amount, 0))
    for number, (amount, in_ledger) in (*ours.payments.items(), *ours.refunds.items()):
        if amount != in_ledger:
            found.append(Difference("ledger_differs", number, amount, in_ledger))
    return found


def _heal(account: ProviderAccount, *, bill: FetchedBill, at: datetime) -> None:
    """Ask about payments and refunds that the bill has and we do not, and take the answers in."""
    numbers = [line.number for line in bill.lines if line.kind == "payment"]
    with transaction.atomic():
        known = {
            row[0]
            for row in _rows("payments_by_number", ALL[account.cell], provider=account.key, numbers=numbers)
        }
    orders = {line.out_trade_no for line in bill.lines if line.kind == "payment" and line.number not in known}
    for number in sorted(orders):
        answer = intents.ask(account, number=number, at=at)
        intent = PaymentIntent.objects.filter(account=account, number=number).first()
        if intent is not None:
            intents.absorb(intent.id, answer=answer, act="bill", at=at)
        elif isinstance(answer, Paid):
            with transaction.atomic():
                intents.book_arrivals(account, intent=None, arrivals=answer.arrivals, at=at)
    refunds = [line.number for line in bill.lines if line.kind == "refund"]
    waiting = RefundAttempt.objects.filter(
        account=account, number__in=refunds, state__in=["sent", "in_doubt"]
    )
    for attempt_id in list(waiting.values_list("id", flat=True)):
        ask(attempt_id, at=at)


def _bounds(day: date) -> tuple[datetime, datetime]:
    start = datetime(day.year, day.month, day.day, tzinfo=BUSINESS_ZONE)
    return start.astimezone(UTC), (start + timedelta(days=1)).astimezone(UTC)


def _read_ours(account: ProviderAccount, *, cell: Cell, day: date) -> OurSide:
    start, end = _bounds(day)
    money = cash(account.key, account.currency).id
    values = {"provider": account.key, "cash": money, "from": start, "until": end}
    payments = _rows("payments_of_day", cell, **values)
    refunds = _rows("refunds_of_day", cell, **values)
    change = _rows("cash_change", cell, cash=money, first_id=first_id_at(start), last_id=first_id_at(end))
    return OurSide(
        {number: (amount, ledger) for number, amount, ledger in payments},
        {refund_number(refund): (amount, ledger) for refund, amount, ledger in refunds},
        change[0][0],
    )


def _known_elsewhere(
    account: ProviderAccount, *, lines: Sequence[Line], cell: Cell
) -> dict[tuple[str, str], int]:
    payments = [line.number for line in lines if line.kind == "payment"]
    refunds = [line.number for line in lines if line.kind == "refund"]
    rows = _rows("payments_by_number", cell, provider=account.key, numbers=payments)
    known = {("payment", number): amount for number, amount in rows}
    done = RefundAttempt.objects.filter(account=account, number__in=refunds, state="done")
    known.update(
        {("refund", number): amount for number, amount in done.values_list("number", "amount_minor")}
    )
    return known


def _late_refunds(account: ProviderAccount, *, day: date, cell: Cell) -> list[Difference]:
    """Refunds we finished the day before that no bill knows yet; a day's grace, for clocks differ around
    midnight.
    """
    start, _ = _bounds(day)
    before = start - timedelta(days=1)
    money = cash(account.key, account.currency).id
    rows = _rows(
        "refunds_of_day", cell, **{"provider": account.key, "cash": money, "from": before, "until": start}
    )
    numbers = {refund_number(refund): amount for refund, amount, _ in rows}
    lines = BillLine.objects.filter(account=account, kind="refund", number__in=list(numbers))
    billed = set(lines.values_list("number", flat=True))
    if not Bill.objects.filter(account=account, day=day - timedelta(days=1), is_final=True).exists():
        return []
    return [
        Difference("refund_missing_at_provider", number, amount, 0)
        for number, amount in numbers.items()
        if number not in billed
    ]


def _store(account: ProviderAccount, *, bill: FetchedBill, ours: OurSide, at: datetime) -> None:
    """Keep the bill and its lines; a bill fetched again replaces its lines."""
    sums = {
        kind: sum(line.amount_minor for line in bill.lines if line.kind == kind)
        for kind in ("payment", "refund")
    }
    Bill.objects.update_or_create(
        account=account,
        day=bill.day,
        defaults={
            "is_final": bill.is_final,
            "payments_minor": sums["payment"],
            "refunds_minor": sums["refund"],
            "lines": len(bill.lines),
            "ledger_minor": ours.cash_change_minor,
            "fetched_at": at,
        },
    )
    BillLine.objects.filter(account=account, day=bill.day).delete()
    rows = [
        BillLine(
            account=account, day=bill.day, kind=line.kind, number=line.number, order_number=line.out_trade_no,
            amount_minor=line.amount_minor, currency=line.currency, at=line.at,
        )
        for line in bill.lines
    ]  # fmt: skip
    BillLine.objects.bulk_create(rows, batch_size=2000, ignore_conflicts=True)


def _write_breaks(
    account: ProviderAccount, *, day: date, differences: Sequence[Difference], at: datetime
) -> None:
    """Open new breaks, keep the age of known ones, close those of this day that are gone."""
    found = {(item.kind, item.number) for item in differences}
    for item in differences:
        row, _ = Break.objects.get_or_create(
            account=account,
            kind=item.kind,
            number=item.number,
            defaults={
                "day": day,
                "ours_minor": item.ours_minor,
                "theirs_minor": item.theirs_minor,
                "opened_at": at,
            },
        )
        row.ours_minor, row.theirs_minor, row.closed_at = item.ours_minor, item.theirs_minor, None
        row.save()
    for row in Break.objects.filter(account=account, day=day, closed_at__isnull=True):
        if (row.kind, row.number) not in found:
            row.closed_at = at
            row.save()


def open_breaks(account: UUID | None = None) -> list[Break]:
    """Breaks that are still there, oldest first."""
    rows = Break.objects.filter(closed_at__isnull=True).select_related("account")
    if account is not None:
        rows = rows.filter(account_id=account)
    return list(rows.order_by("opened_at", "id"))


@cache
def _text(name: str) -> str:
    return (_FOLDER / f"{name}.sql").read_text()


def _rows(name: str, cell: Cell, /, **values: object) -> list[tuple[Any, ...]]:
    with cell_connection(cell) as connection, connection.cursor() as cursor:
        cursor.execute(_text(name).encode(), values)
        return list(cursor.fetchall())
