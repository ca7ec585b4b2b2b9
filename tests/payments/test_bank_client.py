"""The sandbox bank's client against the real process: every act, every way an answer can fail to come."""

import base64
import itertools
import json
import secrets
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from kamao.business.payments.port import (
    ArrivedMoney,
    Bill,
    Closed,
    CollectionOrder,
    Declined,
    Forged,
    NotFound,
    Opened,
    Paid,
    PaymentNotice,
    RefundDone,
    RefundOrder,
    RefundPending,
    Unknown,
)
from kamao.connectors.sandbox_bank.provider import SandboxBank
from kamao.connectors.sandbox_bank.transport import Credentials
from kamao_sandbox.bank import protocol
from tests.payments.bank import Bank

SILENT = ["drop_before", "drop_after", "error", "garbage", "bad_signature"]
_numbers = itertools.count(1)
_run = secrets.token_hex(4)


def fresh(prefix: str) -> str:
    return f"{prefix}{_run}{next(_numbers)}"


def order(number: str, *, amount_minor: int = 990, lasts_s: int = 600) -> CollectionOrder:
    expires_at = datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=lasts_s)
    return CollectionOrder(number, amount_minor, "CNY", "月卡 <b>", expires_at, "", "http://127.0.0.1:9/back")


def paid_order(bank_client: SandboxBank, bank: Bank) -> tuple[str, ArrivedMoney]:
    number = fresh("P")
    bank_client.create(order(number))
    bank.force_pay(number)
    answer = bank_client.query(number)
    assert isinstance(answer, Paid)
    return number, answer.arrivals[0]


def test_an_order_from_open_to_refunded(bank_client: SandboxBank, bank: Bank):
    number = fresh("P")
    opened = bank_client.create(order(number))
    assert isinstance(opened, Opened)
    assert opened.pay_url.startswith(bank.base_url + "/pay/B")
    assert bank_client.create(order(number)) == opened
    assert bank_client.query(number) == opened
    bank.press(opened.pay_url)
    paid = bank_client.query(number)
    assert isinstance(paid, Paid)
    assert [(arrival.amount_minor, arrival.currency) for arrival in paid.arrivals] == [(990, "CNY")]
    assert bank_client.close(number) == paid
    refund = RefundOrder(fresh("R"), paid.arrivals[0].provider_payment_no, 400, "CNY", "test")
    first = bank_client.refund(refund)
    assert isinstance(first, RefundDone)
    assert first.amount_minor == 400
    assert bank_client.refund(refund) == first == bank_client.query_refund(refund.number)
    assert bank.held_minor(number) == 590
    more = RefundOrder(fresh("R"), refund.provider_payment_no, 591, "CNY", "test")
    assert bank_client.refund(more) == Declined("refund_above_payment")
    rest = RefundOrder(fresh("R"), refund.provider_payment_no, 590, "CNY", "test")
    assert isinstance(bank_client.refund(rest), RefundDone)
    assert bank.held_minor(number) == 0


def test_the_same_number_with_other_content_is_declined(bank_client: SandboxBank, bank: Bank):
    number = fresh("P")
    bank_client.create(order(number))
    assert bank_client.create(order(number, amount_minor=991)) == Declined("out_trade_no_conflict")
    _, arrival = paid_order(bank_client, bank)
    refund = RefundOrder(fresh("R"), arrival.provider_payment_no, 100, "CNY", "")
    bank_client.refund(refund)
    other = RefundOrder(refund.number, arrival.provider_payment_no, 101, "CNY", "")
    assert bank_client.refund(other) == Declined("refund_no_conflict")
    assert bank_client.refund(RefundOrder(fresh("R"), "Y0", 1, "CNY", "")) == Declined("payment_not_found")


def test_closed_stays_closed(bank_client: SandboxBank, bank: Bank):
    number, unseen = fresh("P"), fresh("P")
    opened = bank_client.create(order(number))
    assert isinstance(opened, Opened)
    assert isinstance(bank_client.close(number), Closed)
    bank.press(opened.pay_url)
    assert isinstance(bank_client.query(number), Closed)
    assert bank_client.query(unseen) == NotFound()
    assert isinstance(bank_client.close(unseen), Closed)
    assert isinstance(bank_client.create(order(unseen)), Closed)
    assert bank_client.query_refund(unseen) == NotFound()


@pytest.mark.parametrize("kind", SILENT)
@pytest.mark.parametrize("act", ["create", "query", "close", "refund", "refund_query", "bill"])
def test_no_believable_answer_is_unknown(bank_client: SandboxBank, bank: Bank, act: str, kind: str):
    number, arrival = paid_order(bank_client, bank)
    refund = RefundOrder(fresh("R"), arrival.provider_payment_no, 100, "CNY", "")
    if act == "refund_query":
        bank_client.refund(refund)
    acts = {
        "create": lambda: bank_client.create(order(fresh("P"))),
        "query": lambda: bank_client.query(number),
        "close": lambda: bank_client.close(number),
        "refund": lambda: bank_client.refund(refund),
        "refund_query": lambda: bank_client.query_refund(refund.number),
        "bill": lambda: bank_client.bill(datetime.now(UTC).date()),
    }
    bank.misbehave(act, kind, remaining=1)
    answer = acts[act]()
    assert isinstance(answer, Unknown)
    assert answer.sent
    assert not isinstance(acts[act](), Unknown)
    if act == "refund":
        assert bank.held_minor(number) == 890


def test_silence_ends_with_the_time_out(bank_client: SandboxBank, bank: Bank):
    bank.misbehave("query", "hang_before", value=20, remaining=1)
    assert bank_client.query(fresh("P")) == Unknown("timeout")


def test_a_bank_that_is_away_was_not_sent_to(bank_client: SandboxBank, bank: Bank):
    bank.kill()
    assert bank_client.create(order(fresh("P"))) == Unknown("unreachable", sent=False)


def test_a_refund_in_doubt(bank_client: SandboxBank, bank: Bank):
    _, arrival = paid_order(bank_client, bank)
    bank.misbehave("refund", "in_doubt", value=600, remaining=1)
    refund = RefundOrder(fresh("R"), arrival.provider_payment_no, 990, "CNY", "")
    assert (
        bank_client.refund(refund)
        == RefundPending()
        == bank_client.query_refund(refund.number)
        == bank_client.refund(refund)
    )
    bank.control("refunds/release")
    assert isinstance(bank_client.query_refund(refund.number), RefundDone)


def test_the_bill_has_every_movement(bank_client: SandboxBank, bank: Bank):
    number, arrival = paid_order(bank_client, bank)
    refund = RefundOrder(fresh("R"), arrival.provider_payment_no, 90, "CNY", "")
    bank_client.refund(refund)
    day = (arrival.paid_at + timedelta(hours=8)).date()
    bill = bank_client.bill(day)
    assert isinstance(bill, Bill)
    assert not bill.is_final
    mine = [(line.kind, line.number, line.amount_minor) for line in bill.lines if line.out_trade_no == number]
    assert mine == [("payment", arrival.provider_payment_no, 990), ("refund", refund.number, 90)]
    before = bank_client.bill(day - timedelta(days=1))
    assert isinstance(before, Bill)
    assert before.is_final
    assert before.lines == ()


def test_another_merchants_orders_do_not_exist(bank_client: SandboxBank, bank: Bank):
    number, arrival = paid_order(bank_client, bank)
    other = bank.credentials["merchants"]["test"]
    stranger = SandboxBank(
        Credentials(bank.base_url, other["number"], other["secret"], bank.credentials["public_key"])
    )
    assert stranger.query(number) == NotFound()
    refund = RefundOrder(fresh("R"), arrival.provider_payment_no, 1, "CNY", "")
    assert stranger.refund(refund) == Declined("payment_not_found")
    wrong = SandboxBank(
        Credentials(bank.base_url, other["number"], "not-the-secret", bank.credentials["public_key"])
    )
    assert wrong.query(number) == Unknown("unauthenticated")


def signed(
    bank: Bank, event: dict[str, Any], *, at: datetime, event_id: str = "evt_1"
) -> tuple[dict[str, str], bytes]:
    """A notice under the bank's real key: what only the bank can make."""
    key = Ed25519PrivateKey.from_private_bytes(base64.b64decode((bank.home / "bank.key").read_bytes()))
    body, timestamp = json.dumps(event).encode(), str(int(at.timestamp()))
    headers = {
        "sandbox-bank-timestamp": timestamp,
        "sandbox-bank-id": event_id,
        "sandbox-bank-signature": protocol.sign(key, timestamp=timestamp, subject=event_id, body=body),
    }
    return headers, body


def test_notices_are_checked_before_they_are_read(bank_client: SandboxBank, bank: Bank):
    at = datetime(2026, 5, 1, 12, tzinfo=UTC)
    payment = {
        "payment_no": "Y1",
        "amount_minor": 990,
        "currency": "CNY",
        "paid_at": "2026-05-01T11:59:00Z",
        "refunded_minor": 0,
    }
    event = {
        "id": "evt_1",
        "type": "payment.succeeded",
        "merchant": bank.merchant,
        "out_trade_no": "P1",
        "payment": payment,
    }
    check = bank_client.verify_notification
    headers, body = signed(bank, event, at=at)
    arrival = ArrivedMoney("Y1", 990, "CNY", datetime(2026, 5, 1, 11, 59, tzinfo=UTC))
    assert check(headers, body, at=at) == PaymentNotice("evt_1", bank.merchant, "P1", arrival)
    assert check(headers, body, at=at + timedelta(seconds=300)) == check(headers, body, at=at)
    assert check(headers, body, at=at + timedelta(seconds=301)) == Forged("stale")
    assert check(headers, body, at=at - timedelta(seconds=301)) == Forged("stale")
    assert check(headers, body.replace(b"990", b"991"), at=at) == Forged("signature")
    assert check({**headers, "sandbox-bank-id": "evt_2"}, body, at=at) == Forged("signature")
    assert check({**headers, "sandbox-bank-timestamp": "²"}, body, at=at) == Forged("signature")
    assert check({}, b"", at=at) == Forged("signature")
    assert check(*signed(bank, {**event, "merchant": "SB0"}, at=at), at=at) == Forged("merchant")
    assert check(*signed(bank, {**event, "type": "payment.maybe"}, at=at), at=at) == Forged("malformed")
    assert check(*signed(bank, {"id": "evt_1"}, at=at), at=at) == Forged("malformed")
    assert check(*signed(bank, event, at=at, event_id="evt_9"), at=at) == Forged("malformed")
