"""Refunds: sent once, asked about until a final answer, tried again when refused; the money leaves exactly
once.
"""

import threading
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection

from kamao.business.payments import refunds
from kamao.business.payments.models import Notice, ProviderAccount, RefundAttempt
from kamao.engine.cells import LIVE
from kamao.engine.ledger.accounts import cash
from tests.payments.bank import Bank
from tests.payments.conftest import PRICE_MINOR, Shop, wait_for


@pytest.fixture
def number(shop: Shop, bank: Bank) -> str:
    """A purchase paid with a wrong amount: its refund is due."""
    page = shop.pay_page(shop.place())
    bank.press(page.url, "pay_wrong")
    wait_for(lambda: shop.refunds() == [("due", PRICE_MINOR - 1)])
    return page.number


def test_unknown_answer_is_doubt_then_asked(shop: Shop, bank: Bank):
    for kind in ("drop_after", "error", "garbage", "bad_signature", "drop_before"):
        page = shop.pay_page(shop.place())
        bank.press(page.url, "pay_wrong")
        wait_for(lambda: ("due", PRICE_MINOR - 1) in shop.refunds())
        bank.misbehave("notify", "lose")
        bank.misbehave("refund", kind, remaining=1)
        at = datetime.now(UTC)
        assert refunds.send_due(LIVE, at=at) == 1
        assert shop.refunds()[-1] == ("in_doubt", PRICE_MINOR - 1)
        assert refunds.send_due(LIVE, at=at) == 0
        assert refunds.follow_up(at=at + timedelta(minutes=1)) == 1
        assert shop.refunds()[-1] == ("done", PRICE_MINOR - 1)
        assert bank.held_minor(page.number) == 0 == shop.cash_minor()
        bank.behave()
    assert shop.books_are_clean()


def test_doubt_lasts_as_long_as_nobody_answers(shop: Shop, bank: Bank, number: str):
    bank.misbehave("refund", "drop_after")
    bank.misbehave("refund_query", "drop_before")
    bank.misbehave("notify", "lose")
    at = datetime.now(UTC)
    refunds.send_due(LIVE, at=at)
    for hour in range(1, 5):
        refunds.follow_up(at=at + timedelta(hours=hour))
        assert shop.refunds() == [("in_doubt", PRICE_MINOR - 1)]
    assert RefundAttempt.objects.get().sends == 1
    bank.behave()
    refunds.follow_up(at=at + timedelta(hours=6))
    assert shop.refunds() == [("done", PRICE_MINOR - 1)]
    assert shop.books_are_clean()


def test_pending_at_the_bank_is_finished_by_its_notice(shop: Shop, bank: Bank, number: str):
    bank.misbehave("refund", "in_doubt", value=3600, remaining=1)
    at = datetime.now(UTC)
    refunds.send_due(LIVE, at=at)
    refunds.follow_up(at=at + timedelta(minutes=1))
    assert shop.refunds() == [("in_doubt", PRICE_MINOR - 1)]
    bank.control("refunds/release")
    wait_for(lambda: shop.refunds() == [("done", PRICE_MINOR - 1)])
    assert wait_for(lambda: Notice.objects.filter(outcome="refund_done").first()).copies == 1
    assert shop.cash_minor() == 0
    assert shop.books_are_clean()


def test_refused_is_tried_again_under_its_number(shop: Shop, bank: Bank, number: str):
    bank.misbehave("refund", "refuse", remaining=1)
    at = datetime.now(UTC)
    refunds.send_due(LIVE, at=at)
    assert shop.refunds() == [("refused", PRICE_MINOR - 1)]
    assert bank.held_minor(number) == PRICE_MINOR - 1 == shop.cash_minor()
    refunds.run_refunds(at=at + timedelta(minutes=11))
    refunds.run_refunds(at=at + timedelta(minutes=11))
    attempt = RefundAttempt.objects.get()
    assert (attempt.state, attempt.sends) == ("done", 2)
    assert shop.refunds() == [("done", PRICE_MINOR - 1)]
    assert bank.held_minor(number) == 0 == shop.cash_minor()
    assert shop.books_are_clean()


def test_a_worker_that_died_after_sending(
    shop: Shop, bank: Bank, number: str, monkeypatch: pytest.MonkeyPatch
):
    """`sent` is on disk, nothing came back: the next worker asks, and the bank never saw it, so it is sent
    identically.
    """
    monkeypatch.setattr(refunds, "send", lambda attempt_id, *, at: "sent")
    at = datetime.now(UTC)
    refunds.send_due(LIVE, at=at)
    assert shop.refunds() == [("sent", PRICE_MINOR - 1)]
    monkeypatch.undo()
    assert refunds.follow_up(at=at + timedelta(seconds=30)) == 0
    assert refunds.follow_up(at=at + timedelta(seconds=61)) == 1
    assert shop.refunds() == [("done", PRICE_MINOR - 1)]
    assert bank.held_minor(number) == 0
    assert shop.books_are_clean()


def test_workers_racing_send_once(shop: Shop, bank: Bank, number: str):
    at = datetime.now(UTC)
    start = threading.Barrier(4)
    sent: list[int] = []

    def work() -> None:
        try:
            start.wait(10)
            sent.append(refunds.send_due(LIVE, at=at))
        finally:
            connection.close()

    workers = [threading.Thread(target=work) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(30)
    assert sorted(sent) == [0, 0, 0, 1]
    assert RefundAttempt.objects.get().sends == 1
    assert shop.refunds() == [("done", PRICE_MINOR - 1)]
    assert shop.books_are_clean()


def test_refund_without_an_account_waits_visibly(shop: Shop, bank: Bank, number: str):
    ProviderAccount.objects.filter(id=shop.account.id).update(cell=1)
    assert refunds.send_due(LIVE, at=datetime.now(UTC)) == 0
    assert shop.refunds() == [("refused", PRICE_MINOR - 1)]
    assert bank.held_minor(number) == PRICE_MINOR - 1 == shop.cash_minor()
    assert cash(shop.account.key, "CNY").custodian == "sandbox-live"
