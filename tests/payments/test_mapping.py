"""The bank's recorded answers, read into the port's words; and what no answer may be read into."""

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from kamao.business.payments.models import PaymentIntent, RefundAttempt
from kamao.business.payments.port import (
    ArrivedMoney,
    Bill,
    BillLine,
    Closed,
    Declined,
    NotFound,
    Opened,
    Paid,
    RefundDone,
    RefundPending,
    Unknown,
)
from kamao.business.payments.states import ATTEMPT_TRANSITIONS, INTENT_STATES_LIVE, INTENT_TRANSITIONS
from kamao.connectors.sandbox_bank import mapping
from kamao.kernel.states import REFUND_TRANSITIONS
from kamao.runtime.urls import MOUNTS

RECORDED = Path(mapping.__file__).with_name("recorded")
ME = "SB00000001"
AT = datetime(2026, 5, 1, 4, tzinfo=UTC)


def recorded(name: str) -> bytes:
    return (RECORDED / name).read_bytes()


def order(name: str, number: str):
    return mapping.read_order(recorded(name), number=number, merchant_number=ME)


def test_orders():
    opened = order("order_open.json", "P1")
    assert isinstance(opened, Opened)
    assert opened.pay_url == f"http://127.0.0.1:8001/pay/{opened.provider_order_no}"
    paid = order("order_paid.json", "P1")
    assert isinstance(paid, Paid)
    assert [(money.amount_minor, money.currency, money.paid_at) for money in paid.arrivals] == [
        (1449, "CNY", AT)
    ] * 2
    assert isinstance(paid.arrivals[0], ArrivedMoney)
    assert paid.provider_order_no == opened.provider_order_no
    assert isinstance(order("order_closed.json", "P2"), Closed)
    assert order("order_paid.json", "P2") == Unknown("another_order")
    assert mapping.read_order(recorded("order_paid.json"), number="P1", merchant_number="SB2") == Unknown(
        "another_order"
    )


def test_refunds():
    def refund(name: str, number: str):
        return mapping.read_refund(recorded(name), number=number, merchant_number=ME)

    assert refund("refund_done.json", "R1") == RefundDone(AT, 449)
    assert refund("refund_processing.json", "R2") == RefundPending()
    assert refund("refund_refused.json", "R3") == Declined("refused")
    assert refund("refund_done.json", "R2") == Unknown("another_refund")


def test_problems():
    assert mapping.read_problem(recorded("order_not_found.json")) == NotFound()
    assert mapping.read_problem(recorded("order_conflict.json")) == Declined("out_trade_no_conflict")
    assert mapping.read_problem(recorded("refund_above.json")) == Declined("refund_above_payment")
    assert mapping.read_problem(b'{"code":"maintenance","detail":""}') == Unknown("maintenance")


def test_the_bill():
    bill = mapping.read_bill(recorded("bill.csv"), day=date(2026, 5, 1), merchant_number=ME)
    assert isinstance(bill, Bill)
    assert not bill.is_final
    assert [(line.kind, line.amount_minor) for line in bill.lines] == [
        ("payment", 1449), ("payment", 1449), ("refund", 449),
    ]  # fmt: skip
    first = bill.lines[0]
    assert first == BillLine("payment", first.number, "P1", first.number, 1449, "CNY", AT)
    assert mapping.read_bill(recorded("bill.csv"), day=date(2026, 5, 2), merchant_number=ME) == Unknown(
        "another_bill"
    )
    cut = recorded("bill.csv")[:-20]
    assert mapping.read_bill(cut, day=date(2026, 5, 1), merchant_number=ME) == Unknown("unreadable")


@pytest.mark.parametrize("body", [b"", b"{}", b"[]", b"null", b"\xff", b'{"state":"paid"}', b"<html>"])
def test_rubbish_is_unknown(body: bytes):
    assert isinstance(mapping.read_order(body, number="P1", merchant_number=ME), Unknown)
    assert isinstance(mapping.read_refund(body, number="R1", merchant_number=ME), Unknown)
    assert isinstance(mapping.read_bill(body, day=date(2026, 5, 1), merchant_number=ME), Unknown)
    assert isinstance(mapping.read_problem(body), Unknown)


def test_a_state_nobody_told_us_of_is_unknown():
    odd = recorded("order_open.json").replace(b'"unpaid"', b'"frozen"')
    assert mapping.read_order(odd, number="P1", merchant_number=ME) == Unknown("state_frozen")
    odd = recorded("refund_done.json").replace(b'"done"', b'"maybe"')
    assert mapping.read_refund(odd, number="R1", merchant_number=ME) == Unknown("state_maybe")


def test_states_agree_with_the_engine_and_the_database():
    for before, after in ATTEMPT_TRANSITIONS.items():
        for state in after - {"sent"}:
            assert state in REFUND_TRANSITIONS[before]
    assert {state for state, after in INTENT_TRANSITIONS.items() if after} == INTENT_STATES_LIVE
    for model, name, states in (
        (PaymentIntent, "ck_payment_intent_state", INTENT_TRANSITIONS),
        (RefundAttempt, "ck_payment_refund_state", ATTEMPT_TRANSITIONS),
    ):
        check = next(item for item in model._meta.constraints if item.name == name)
        assert dict(check.condition.children)["state__in"] == sorted(states)


def test_the_node_has_the_notice_door():
    assert ("kamao.business.payments", "pay/") in MOUNTS
