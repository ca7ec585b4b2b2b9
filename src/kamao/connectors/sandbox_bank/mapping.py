"""From the sandbox bank's words to the port's: pure functions over recorded bytes.

Owns the shapes of the bank's answers as this client reads them. Refuses to read anything into an answer
that it does not know: a state, code or shape that is not listed becomes `Unknown`.
"""

import csv
import io
from datetime import date, datetime

import msgspec

from kamao.business.payments.port import (
    ArrivedMoney,
    Bill,
    BillAnswer,
    BillLine,
    Closed,
    Declined,
    Forged,
    NotFound,
    Notice,
    Opened,
    Paid,
    PaymentNotice,
    RefundDone,
    RefundNotice,
    RefundPending,
    Unknown,
)

_BILL_COLUMNS = ["kind", "number", "out_trade_no", "payment_no", "amount_minor", "currency", "at"]
_DECLINING = frozenset(
    {"out_trade_no_conflict", "refund_no_conflict", "refund_above_payment", "payment_not_found", "invalid"}
)


class _Payment(msgspec.Struct):
    payment_no: str
    amount_minor: int
    currency: str
    paid_at: datetime


class _Order(msgspec.Struct):
    out_trade_no: str
    bank_order_no: str
    merchant: str
    state: str
    pay_url: str
    payments: list[_Payment]


class _Refund(msgspec.Struct):
    refund_no: str
    merchant: str
    state: str
    amount_minor: int
    refusal: str
    decided_at: datetime | None = None


class _Event(msgspec.Struct):
    id: str
    type: str
    merchant: str
    out_trade_no: str
    payment: _Payment | None = None
    refund: _Refund | None = None


class _Problem(msgspec.Struct):
    code: str


def _arrival(payment: _Payment) -> ArrivedMoney:
    return ArrivedMoney(payment.payment_no, payment.amount_minor, payment.currency, payment.paid_at)


def read_problem(body: bytes) -> Declined | NotFound | Unknown:
    """An authenticated answer with status 4xx."""
    try:
        code = msgspec.json.decode(body, type=_Problem).code
    except msgspec.DecodeError:
        return Unknown("unreadable")
    if code.endswith("_not_found") and code != "payment_not_found":
        return NotFound()
    return Declined(code) if code in _DECLINING else Unknown(code[:60])


def read_order(body: bytes, *, number: str, merchant_number: str) -> Opened | Paid | Closed | Unknown:
    """An order in an authenticated answer: it must be ours and the one that was asked for."""
    try:
        order = msgspec.json.decode(body, type=_Order)
    except msgspec.DecodeError:
        return Unknown("unreadable")
    if (order.out_trade_no, order.merchant) != (number, merchant_number):
        return Unknown("another_order")
    if order.payments:
        return Paid(tuple(_arrival(payment) for payment in order.payments), order.bank_order_no)
    if order.state == "unpaid":
        return Opened(order.bank_order_no, order.pay_url)
    return Closed(order.bank_order_no) if order.state == "closed" else Unknown(f"state_{order.state[:20]}")


def read_refund(
    body: bytes, *, number: str, merchant_number: str
) -> RefundDone | RefundPending | Declined | Unknown:
    """A refund in an authenticated answer."""
    try:
        refund = msgspec.json.decode(body, type=_Refund)
    except msgspec.DecodeError:
        return Unknown("unreadable")
    if (refund.refund_no, refund.merchant) != (number, merchant_number):
        return Unknown("another_refund")
    return _refund_answer(refund)


def _refund_answer(refund: _Refund) -> RefundDone | RefundPending | Declined | Unknown:
    if refund.state == "done" and refund.decided_at is not None:
        return RefundDone(refund.decided_at, refund.amount_minor)
    if refund.state == "processing":
        return RefundPending()
    return Declined("refused") if refund.state == "refused" else Unknown(f"state_{refund.state[:20]}")


def read_event(body: bytes, *, event_id: str, merchant_number: str) -> Notice:
    """A notice whose signature has been checked."""
    try:
        event = msgspec.json.decode(body, type=_Event)
    except msgspec.DecodeError:
        return Forged("malformed")
    if event.merchant != merchant_number:
        return Forged("merchant")
    if event.id != event_id:
        return Forged("malformed")
    if event.type == "payment.succeeded" and event.payment is not None:
        return PaymentNotice(event.id, event.merchant, event.out_trade_no, _arrival(event.payment))
    if event.type in {"refund.done", "refund.refused"} and event.refund is not None:
        answer = _refund_answer(event.refund)
        if isinstance(answer, RefundDone | Declined):
            return RefundNotice(event.id, event.merchant, event.refund.refund_no, answer)
    return Forged("malformed")


def read_bill(body: bytes, *, day: date, merchant_number: str) -> BillAnswer:
    """A daily bill: title row, header, lines. One line that cannot be read makes the whole bill unknown."""
    try:
        rows = list(csv.reader(io.StringIO(body.decode())))
        title, header, lines = rows[0], rows[1], rows[2:]
        if title[:3] != ["#bill", merchant_number, day.isoformat()] or header != _BILL_COLUMNS:
            return Unknown("another_bill")
        parsed = tuple(
            BillLine(kind, number, order, payment, int(amount), currency, datetime.fromisoformat(at))
            for kind, number, order, payment, amount, currency, at in lines
        )
    except (ValueError, IndexError, csv.Error):
        return Unknown("unreadable")
    if any(line.kind not in {"payment", "refund"} for line in parsed):
        return Unknown("unreadable")
    return Bill(day, parsed, is_final=title[3] == "final")
