"""The bank's REST interface for merchants: create, query, close, refund, bill.

Owns: authentication of requests, signatures of answers, the faults that strike an answer. Refuses: unsigned
or stale requests (401), another merchant's numbers (404).

`POST /v1/orders` · `GET /v1/orders/{no}` · `POST /v1/orders/{no}/close` · `POST /v1/refunds` · `GET
/v1/refunds/{no}` · `GET /v1/bills/{yyyy-mm-dd}` · `GET /v1/health`.
"""

import re
import sqlite3
from collections.abc import Callable
from datetime import date
from typing import TypeAlias, TypeVar
from urllib.parse import unquote

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from kamao_sandbox.bank import books, protocol
from kamao_sandbox.bank.bill import daily_bill
from kamao_sandbox.bank.books import BankRefusal
from kamao_sandbox.bank.credentials import Credentials
from kamao_sandbox.bank.faults import Fault
from kamao_sandbox.bank.http import Answer, Asked
from kamao_sandbox.bank.store import Store, now_ms, struck_by

HANG_S = 60.0
_ORDER = re.compile(r"/v1/orders/([^/]+)")
_CLOSE = re.compile(r"/v1/orders/([^/]+)/close")
_REFUND = re.compile(r"/v1/refunds/([^/]+)")
_BILL = re.compile(r"/v1/bills/(\d{4}-\d{2}-\d{2})")

Work: TypeAlias = Callable[[sqlite3.Connection, dict[str, Fault]], bytes]
T = TypeVar("T")


class MerchantApi:
    """Answers what is below `/v1/`."""

    def __init__(
        self,
        store: Store,
        credentials: Credentials,
        key: Ed25519PrivateKey,
        *,
        base_url: str,
        notify_url: str,
    ) -> None:
        self._store = store
        self._secrets = {entry.number: entry.secret for entry in credentials.merchants.values()}
        self._key = key
        self._base_url = base_url
        self._notify_url = notify_url

    def answer(self, asked: Asked) -> Answer:
        """The signed answer to one request."""
        if asked.path == "/v1/health":
            return Answer(body=b'{"ok":true}')
        try:
            return self._dispatch(asked, merchant=self._authenticate(asked))
        except BankRefusal as refusal:
            return self._signed(asked, status=refusal.status, body=msgspec.json.encode(refusal.problem))

    def _authenticate(self, asked: Asked) -> str:
        header = asked.headers.get
        number, timestamp = header(protocol.H_MERCHANT.lower(), ""), header(protocol.H_TIMESTAMP.lower(), "")
        nonce, given = header(protocol.H_ID.lower(), ""), header(protocol.H_SIGNATURE.lower(), "")
        secret = self._secrets.get(number)
        with self._store.transaction() as db:
            now_s = now_ms(db) // 1000
        fresh = timestamp.isascii() and timestamp.isdigit() and len(timestamp) < 12
        if secret is None or not fresh or not 8 <= len(nonce) <= 64:
            raise BankRefusal(401, "unauthenticated", "unknown merchant, or timestamp or nonce missing")
        expected = protocol.request_signature(
            secret=secret,
            method=asked.method,
            path=asked.target,
            timestamp=timestamp,
            nonce=nonce,
            body=asked.body,
        )
        if not protocol.request_is_genuine(expected=expected, given=given):
            raise BankRefusal(401, "unauthenticated", "wrong signature")
        if abs(int(timestamp) - now_s) > protocol.WINDOW_S:
            raise BankRefusal(401, "stale", "timestamp more than five minutes off")
        return number

    def _dispatch(self, asked: Asked, *, merchant: str) -> Answer:
        method, path = asked.method, asked.path
        if method == "POST" and path == "/v1/orders":
            return self._create(asked, merchant=merchant)
        if method == "POST" and path == "/v1/refunds":
            return self._refund(asked, merchant=merchant)
        if method == "POST" and (found := _CLOSE.fullmatch(path)):
            return self._close(asked, merchant=merchant, number=unquote(found[1]))
        if method == "GET" and (found := _ORDER.fullmatch(path)):
            return self._query(asked, merchant=merchant, number=unquote(found[1]))
        if method == "GET" and (found := _REFUND.fullmatch(path)):
            return self._refund_query(asked, merchant=merchant, number=unquote(found[1]))
        if method == "GET" and (found := _BILL.fullmatch(path)):
            return self._bill(asked, merchant=merchant, day=found[1])
        raise BankRefusal(404, "not_found", "no such address")

    def _create(self, asked: Asked, *, merchant: str) -> Answer:
        order = _decode(asked.body, protocol.CreateOrder)

        def work(db: sqlite3.Connection, struck: dict[str, Fault]) -> bytes:
            row = books.create_order(db, order, merchant=merchant, notify_url=self._notify_url)
            return msgspec.json.encode(books.order_view(db, row, base_url=self._base_url))

        return self._suffer(asked, operation="create", subject=order.out_trade_no, work=work)

    def _query(self, asked: Asked, *, merchant: str, number: str) -> Answer:
        def work(db: sqlite3.Connection, struck: dict[str, Fault]) -> bytes:
            row = books.order_row(db, merchant=merchant, out_trade_no=number)
            if row is None:
                raise BankRefusal(404, "order_not_found", "no order under this number")
            return msgspec.json.encode(books.order_view(db, row, base_url=self._base_url))

        return self._suffer(asked, operation="query", subject=number, work=work)

    def _close(self, asked: Asked, *, merchant: str, number: str) -> Answer:
        def work(db: sqlite3.Connection, struck: dict[str, Fault]) -> bytes:
            row = books.close_order(db, merchant=merchant, out_trade_no=number)
            return msgspec.json.encode(books.order_view(db, row, base_url=self._base_url))

        return self._suffer(asked, operation="close", subject=number, work=work)

    def _refund(self, asked: Asked, *, merchant: str) -> Answer:
        refund = _decode(asked.body, protocol.CreateRefund)
        with self._store.transaction() as db:
            order_no = _order_of_payment(db, merchant=merchant, payment_no=refund.payment_no)

        def work(db: sqlite3.Connection, struck: dict[str, Fault]) -> bytes:
            row = books.create_refund(db, refund, merchant=merchant, struck=struck)
            return msgspec.json.encode(books.refund_view(row))

        return self._suffer(asked, operation="refund", subject=order_no, work=work)

    def _refund_query(self, asked: Asked, *, merchant: str, number: str) -> Answer:
        with self._store.transaction() as db:
            known = books.refund_row(db, merchant=merchant, refund_no=number)
        subject = number if known is None else str(known["out_trade_no"])

        def work(db: sqlite3.Connection, struck: dict[str, Fault]) -> bytes:
            row = books.refund_row(db, merchant=merchant, refund_no=number)
            if row is None:
                raise BankRefusal(404, "refund_not_found", "no refund under this number")
            return msgspec.json.encode(books.refund_view(row))

        return self._suffer(asked, operation="refund_query", subject=subject, work=work)

    def _bill(self, asked: Asked, *, merchant: str, day: str) -> Answer:
        try:
            parsed = date.fromisoformat(day)
        except ValueError as error:
            raise BankRefusal(422, "invalid", "no such day") from error

        def work(db: sqlite3.Connection, struck: dict[str, Fault]) -> bytes:
            return daily_bill(db, merchant=merchant, day=parsed, struck=struck)

        answer = self._suffer(asked, operation="bill", subject=day, work=work)
        return msgspec.structs.replace(answer, content_type="text/csv; charset=utf-8")

    def _suffer(self, asked: Asked, *, operation: str, subject: str, work: Work) -> Answer:
        """Do the work and answer, unless the control desk wants it otherwise."""
        with self._store.transaction() as db:
            struck = struck_by(db, operation=operation, subject=subject)
        if "error" in struck:
            return Answer(500, b"Internal Server Error", "text/plain")
        for kind in ("hang_before", "drop_before"):
            if kind in struck:
                return Answer(drop=True, hang_s=_hang_s(struck[kind]))
        with self._store.transaction() as db:
            body = work(db, struck)
        for kind in ("hang_after", "drop_after"):
            if kind in struck:
                return Answer(drop=True, hang_s=_hang_s(struck[kind]))
        if "garbage" in struck:
            return Answer(200, b"<html><body>502 Bad Gateway</body></html>", "text/html")
        answer = self._signed(asked, status=200, body=body)
        if "bad_signature" in struck:
            other = Ed25519PrivateKey.generate()
            nonce, timestamp = asked.headers[protocol.H_ID.lower()], answer.headers[protocol.H_TIMESTAMP]
            answer.headers[protocol.H_SIGNATURE] = protocol.sign(
                other, timestamp=timestamp, subject=nonce, body=body
            )
        return answer

    def _signed(self, asked: Asked, *, status: int, body: bytes) -> Answer:
        with self._store.transaction() as db:
            timestamp = str(now_ms(db) // 1000)
        nonce = asked.headers.get(protocol.H_ID.lower(), "")
        signature = protocol.sign(self._key, timestamp=timestamp, subject=nonce, body=body)
        headers = {
            protocol.H_TIMESTAMP: timestamp,
            protocol.H_SIGNATURE: signature,
            "Cache-Control": "no-store",
        }
        return Answer(status, body, headers=headers)


def _hang_s(fault: Fault) -> float:
    if fault.kind.startswith("drop"):
        return 0.0
    return float(fault.value or HANG_S)


def _order_of_payment(db: sqlite3.Connection, *, merchant: str, payment_no: str) -> str:
    row = db.execute(
        "SELECT out_trade_no FROM payments WHERE merchant = ? AND payment_no = ?", (merchant, payment_no)
    ).fetchone()
    return "" if row is None else str(row[0])


def _decode(body: bytes, shape: type[T]) -> T:
    try:
        return msgspec.json.decode(body, type=shape)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BankRefusal(422, "invalid", f"the body does not fit: {error}") from error
