"""Three sides of one day: ours, the bank's bill, the ledger. Every difference has a name and an age."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from kamao.business.payments import refunds
from kamao.business.payments.models import Bill, Break
from kamao.business.payments.port import BillLine
from kamao.business.payments.reconciliation import Difference, OurSide, compare, open_breaks, reconcile
from kamao.engine.cells import LIVE
from kamao.kernel.clock import BUSINESS_ZONE
from tests.payments.bank import Bank
from tests.payments.conftest import PRICE_MINOR, Shop, wait_for
from tests.payments.test_arrivals import refund_all


@pytest.fixture
def bank(tmp_path: Path) -> Iterator[Bank]:
    """A bank of its own: its day has this test's movements and no others."""
    fresh = Bank(tmp_path / "bank")
    yield fresh
    fresh.stop()


def pay(shop: Shop, bank: Bank, act: str = "pay") -> str:
    before = len(shop.payments())
    page = shop.pay_page(shop.place())
    bank.press(page.url, act)
    wait_for(lambda: len(shop.payments()) > before)
    return page.number


def run(shop: Shop, at: datetime) -> list[tuple[str, str, int, int]]:
    result = reconcile(shop.account, day=at.astimezone(BUSINESS_ZONE).date(), at=at)
    assert result.is_known
    return [(item.kind, item.number, item.ours_minor, item.theirs_minor) for item in result.differences]


def test_a_clean_day_has_no_breaks(shop: Shop, bank: Bank):
    pay(shop, bank)
    pay(shop, bank, "pay_wrong")
    refund_all(shop)
    assert run(shop, datetime.now(UTC)) == []
    bill = Bill.objects.get()
    assert (bill.payments_minor, bill.refunds_minor, bill.lines) == (2 * PRICE_MINOR - 1, PRICE_MINOR - 1, 3)
    assert bill.ledger_minor == PRICE_MINOR == shop.cash_minor()
    assert not bill.is_final


def test_no_bill_closes_nothing(shop: Shop, bank: Bank):
    pay(shop, bank)
    at = datetime.now(UTC)
    bank.misbehave("bill", "omit_line", remaining=1)
    run(shop, at)
    bank.misbehave("bill", "error")
    assert not reconcile(shop.account, day=at.astimezone(BUSINESS_ZONE).date(), at=at).is_known
    assert [row.kind for row in open_breaks()] == ["payment_missing_at_provider"]


def test_breaks_are_opened_aged_and_closed(shop: Shop, bank: Bank):
    number = pay(shop, bank)
    payment = bank.order(number)["payments"][0]["payment_no"]
    at = datetime.now(UTC)
    bank.misbehave("bill", "omit_line", remaining=2)
    missing = ("payment_missing_at_provider", payment, PRICE_MINOR, 0)
    assert run(shop, at) == [missing]
    assert run(shop, at + timedelta(hours=5)) == [missing]
    kept = Break.objects.get()
    assert (kept.opened_at, kept.closed_at) == (at, None)
    bank.misbehave("bill", "alter_amount", value=7, remaining=1)
    assert run(shop, at + timedelta(hours=6)) == [("amount_differs", payment, PRICE_MINOR, PRICE_MINOR + 7)]
    assert Break.objects.get(kind="payment_missing_at_provider").closed_at == at + timedelta(hours=6)
    assert run(shop, at + timedelta(hours=7)) == []
    assert open_breaks(shop.account.id) == []
    assert Break.objects.count() == 2


def test_a_payment_only_the_bill_knows_is_fetched(shop: Shop, bank: Bank):
    bank.misbehave("notify", "lose")
    purchase = shop.place()
    page = shop.pay_page(purchase)
    bank.press(page.url)
    assert run(shop, datetime.now(UTC)) == []
    assert shop.state(purchase) == "paid"
    assert shop.books_are_clean()


def test_a_refund_in_doubt_is_settled_by_the_bill(shop: Shop, bank: Bank):
    pay(shop, bank, "pay_wrong")
    bank.misbehave("notify", "lose")
    bank.misbehave("refund", "drop_after")
    refunds.send_due(LIVE, at=datetime.now(UTC))
    assert shop.refunds() == [("in_doubt", PRICE_MINOR - 1)]
    assert run(shop, datetime.now(UTC)) == []
    assert shop.refunds() == [("done", PRICE_MINOR - 1)]


def test_compare_names_every_difference():
    at = datetime(2026, 5, 1, tzinfo=UTC)
    lines = [
        BillLine("payment", "Y1", "P1", "Y1", 100, "CNY", at),
        BillLine("payment", "Y2", "P2", "Y2", 200, "CNY", at),
        BillLine("payment", "Y3", "P3", "Y3", 300, "CNY", at),
        BillLine("payment", "Y4", "P4", "Y4", 400, "CNY", at),
        BillLine("refund", "R1", "P1", "Y1", 50, "CNY", at),
        BillLine("refund", "R2", "P1", "Y1", 60, "CNY", at),
    ]
    ours = OurSide(
        {"Y1": (100, 100), "Y2": (201, 201), "Y5": (500, 500), "Y6": (600, 0)}, {"R1": (50, 49)}, 0
    )
    found = compare(lines, ours=ours, known_elsewhere={("payment", "Y4"): 400})
    assert found == [
        Difference("amount_differs", "Y2", 201, 200),
        Difference("payment_missing_here", "Y3", 0, 300),
        Difference("refund_missing_here", "R2", 0, 60),
        Difference("payment_missing_at_provider", "Y5", 500, 0),
        Difference("payment_missing_at_provider", "Y6", 600, 0),
        Difference("ledger_differs", "Y6", 600, 0),
        Difference("ledger_differs", "R1", 50, 49),
    ]
