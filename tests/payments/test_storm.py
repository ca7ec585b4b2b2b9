"""Everything at once: a bank that fails by seed and dies in the middle, hasty buyers, two workers.

Afterwards every purchase has its goods or its money, exactly one of them, and the bank, the ledger and the
stock agree.
"""

import random
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.db import connection

from kamao.business.payments import intents, worker_loops
from kamao.business.payments.models import PaymentIntent, RefundAttempt
from kamao.business.payments.reconciliation import open_breaks, reconcile
from kamao.kernel.clock import BUSINESS_ZONE
from kamao.kernel.errors import Refusal
from tests.payments.bank import Bank
from tests.payments.conftest import Shop, wait_for

BUYERS = 30
FAULTS = [
    ("create", "drop_after", 150, 0), ("create", "drop_before", 150, 0), ("create", "garbage", 50, 0),
    ("query", "error", 200, 0), ("query", "bad_signature", 50, 0),
    ("close", "drop_after", 250, 0), ("close", "drop_before", 150, 0),
    ("refund", "drop_after", 250, 0), ("refund", "drop_before", 150, 0), ("refund", "refuse", 150, 0),
    ("refund", "in_doubt", 200, 1), ("refund_query", "error", 200, 0),
    ("notify", "lose", 250, 0), ("notify", "duplicate", 250, 2), ("notify", "forge", 150, 0),
    ("notify", "wrong_amount", 150, -3), ("notify", "delay", 150, 1),
    ("pay", "wrong_amount", 120, -1), ("pay", "pay_twice", 120, 0),
]  # fmt: skip


@pytest.fixture
def bank(tmp_path: Path) -> Iterator[Bank]:
    fresh = Bank(tmp_path / "bank")
    yield fresh
    fresh.stop()


def begin(shop: Shop, purchase: intents.PurchaseToPay) -> intents.PayPage | None:
    """A buyer presses "pay" at most three times."""
    for _ in range(3):
        try:
            return shop.pay_page(purchase)
        except Refusal as refused:
            if refused.code != "payment_unavailable":
                raise
    return None


def work(at: datetime) -> None:
    try:
        worker_loops.follow_payments(at=at)
        worker_loops.follow_refunds(at=at)
    finally:
        connection.close()


def two_workers(at: datetime) -> None:
    workers = [threading.Thread(target=work, args=(at,)) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)


def unfinished(shop: Shop) -> int:
    """Rows that somebody still has to ask about."""
    live = PaymentIntent.objects.filter(next_check_at__isnull=False).count()
    open_refunds = RefundAttempt.objects.filter(next_check_at__isnull=False).count()
    due = len([state for state, _ in shop.refunds() if state != "done"])
    return live + open_refunds + due


def settle(shop: Shop, bank: Bank, at: datetime) -> datetime:
    """The bank behaves again; the workers go on until nothing is open. Returns how late it has become."""
    bank.behave()
    for _ in range(40):
        at += timedelta(hours=2)
        bank.control("refunds/release")
        two_workers(at)
        if not unfinished(shop):
            return at
    raise AssertionError("something never ends")


@pytest.mark.parametrize("seed", [1])
def test_goods_or_money_exactly_one(shop: Shop, bank: Bank, seed: int):
    chance = random.Random(seed)
    shop.add_codes(BUYERS)
    bank.control("seed", {"seed": str(seed)})
    for operation, kind, per_mille, value in FAULTS:
        bank.misbehave(operation, kind, per_mille=per_mille, value=value)
    purchases = [shop.place(lasts_s=40) for _ in range(BUYERS)]
    for place, purchase in enumerate(purchases):
        page = begin(shop, purchase)
        if page is not None and chance.random() < 0.75:
            bank.press(page.url)
        if place == BUYERS // 2:
            bank.kill()
            two_workers(datetime.now(UTC) + timedelta(seconds=20))
            bank.start()
    at = purchases[-1].expires_at + timedelta(seconds=1)
    for step in range(3):
        two_workers(at + timedelta(minutes=step))
    # Some buyers pay what is closed already; the bank lets them.
    for intent in PaymentIntent.objects.filter(state__in=["closing", "closed"]).order_by("id"):
        if chance.random() < 0.5 and intent.pay_url:
            bank.force_pay(intent.number)
    wait_for(lambda: bank.control("state", method="GET")["events_due"] == 0, timeout_s=30)
    at = settle(shop, bank, at)
    # What was paid late and never told is on the bank's bill.
    today = datetime.now(UTC).astimezone(BUSINESS_ZONE).date()
    reconcile(shop.account, day=today, at=at)
    at = settle(shop, bank, at)
    wait_for(lambda: bank.control("state", method="GET")["events_due"] == 0, timeout_s=30)
    assert_exactly_one(shop, bank, purchases)
    reconcile(shop.account, day=today, at=at)
    assert open_breaks() == []


def assert_exactly_one(shop: Shop, bank: Bank, purchases: list[intents.PurchaseToPay]) -> None:
    held_in_all = 0
    seen = set()
    known = {order["out_trade_no"] for order in bank.control("state", method="GET")["orders"]}
    for purchase in purchases:
        numbers = PaymentIntent.objects.filter(purchase_id=purchase.id).values_list("number", flat=True)
        held = sum(bank.held_minor(number) for number in numbers if number in known)
        state = shop.state(purchase)
        seen.add(state)
        held_in_all += held
        assert (state, shop.delivered(purchase), held) in {
            ("paid", 1, purchase.amount_minor),
            ("expired", 0, 0),
        }
    assert seen == {"paid", "expired"}
    assert shop.cash_minor() == held_in_all
    assert "reserved" not in shop.codes()
    assert shop.books_are_clean()
