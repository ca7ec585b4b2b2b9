"""The buyer's pay page and the tester's control desk: what their buttons and the control API do.

Owns: `/pay/<bank order number>`, `/control…`. Refuses: the control desk to anyone without the token (pages
by a strict, HTTP-only cookie, the API by a bearer token); the pay page to anyone without its unguessable
number.

Control API below `/control/api/`: `POST faults` (a Fault) · `DELETE faults` · `GET state` · `POST pay`
`{merchant, out_trade_no, amount_minor?}` · `POST forge` (the same) · `POST clock {offset_s}` · `POST seed
{seed}` · `POST refunds/release`.
"""

import hmac
import sqlite3

import msgspec

from kamao_sandbox.bank import books, pages
from kamao_sandbox.bank.credentials import Credentials
from kamao_sandbox.bank.events import Notifier, queue_event
from kamao_sandbox.bank.faults import Fault
from kamao_sandbox.bank.http import Answer, Asked
from kamao_sandbox.bank.protocol import OrderView, PaymentView, rfc3339
from kamao_sandbox.bank.store import Store, add_fault, list_faults, new_number, note, now_ms, set_setting
from kamao_sandbox.bank.texts import choose_language

_COOKIE = "sandbox_bank_control"


class OrderAct(msgspec.Struct, forbid_unknown_fields=True):
    """An order to act on; `amount_minor` None means the order's own amount."""

    merchant: str
    out_trade_no: str
    amount_minor: int | None = None


class Clock(msgspec.Struct, forbid_unknown_fields=True):
    """How far the bank's clock is ahead of the machine's, in seconds."""

    offset_s: int


class Seed(msgspec.Struct, forbid_unknown_fields=True):
    """The seed of the draws."""

    seed: str


class BankState(msgspec.Struct):
    """What the control API tells: instructions, orders (newest first), undelivered events, journal (newest
    first).
    """

    faults: list[Fault]
    orders: list[OrderView]
    events_due: int
    journal: list[tuple[str, str, str, str]]


def _order(db: sqlite3.Connection, act: OrderAct) -> sqlite3.Row:
    row = books.order_row(db, merchant=act.merchant, out_trade_no=act.out_trade_no)
    if row is None:
        raise books.BankRefusal(404, "order_not_found", "no such order")
    return row


class Desk:
    """Answers what is below `/pay/` and `/control`."""

    def __init__(self, store: Store, credentials: Credentials, notifier: Notifier, *, base_url: str) -> None:
        self._store = store
        self._token = credentials.control_token
        self._notifier = notifier
        self._base_url = base_url

    def pay(self, asked: Asked, *, bank_order_no: str) -> Answer:
        """The pay page, and its buttons."""
        language = _language(asked)
        with self._store.transaction() as db:
            row = db.execute("SELECT * FROM orders WHERE bank_order_no = ?", (bank_order_no,)).fetchone()
            if row is None or not row["subject"]:
                return pages.missing_page(language=language)
            if asked.method == "POST":
                self._take_payment(db, row, act=asked.form().get("act", ""))
                row = db.execute("SELECT * FROM orders WHERE bank_order_no = ?", (bank_order_no,)).fetchone()
            view = books.order_view(db, row, base_url=self._base_url)
        self._notifier.wake()
        if asked.method == "POST" and view.state == "paid" and row["return_url"]:
            return Answer(303, headers={"Location": row["return_url"], "Cache-Control": "no-store"})
        return pages.pay_page(view, subject=row["subject"], return_url=row["return_url"], language=language)

    @staticmethod
    def _take_payment(db: sqlite3.Connection, row: sqlite3.Row, *, act: str) -> None:
        amount = row["amount_minor"]
        if act == "pay":
            books.pay_order(db, row)
        elif act == "pay_wrong":
            books.pay_order(db, row, amount_minor=max(1, amount - 1))
        elif act == "pay_twice" and books.pay_order(db, row):
            books.pay_order(db, row, forced=True)

    def control(self, asked: Asked) -> Answer:
        """The control desk's pages and acts."""
        if asked.path.startswith("/control/api/"):
            given = asked.headers.get("authorization", "").removeprefix("Bearer ")
            if not self._knows(given):
                return Answer(401, b'{"code":"unauthenticated","detail":"control token needed"}')
            return self._api(asked)
        language = _language(asked)
        if asked.method == "POST" and asked.path == "/control/sign-in":
            if not self._knows(asked.form().get("token", "")):
                return pages.sign_in_page(language=language, wrong=True)
            cookie = f"{_COOKIE}={self._token}; Path=/control; HttpOnly; SameSite=Strict"
            return Answer(303, headers={"Location": "/control", "Set-Cookie": cookie})
        if not self._knows(_cookie(asked)):
            return pages.sign_in_page(language=language, wrong=False)
        problem = self._press(asked) if asked.method == "POST" else ""
        if asked.method == "POST" and not problem:
            return Answer(303, headers={"Location": "/control"})
        state = self.state()
        return pages.control_page(
            faults=state.faults,
            orders=state.orders[:20],
            journal=state.journal[:60],
            language=language,
            problem=problem,
        )

    def _knows(self, given: str) -> bool:
        return hmac.compare_digest(self._token.encode(), given.encode("utf-8", "replace"))

    def _press(self, asked: Asked) -> str:
        """Do what a button of the control desk says; returns what is wrong with it."""
        form = asked.form()
        try:
            if asked.path == "/control/fault":
                operation, _, kind = form.get("fault", "").partition(".")
                remaining = int(form["remaining"]) if form.get("remaining") else None
                share, value = int(form.get("per_mille") or 1000), int(form.get("value") or 0)
                return self._misbehave(
                    Fault(operation, kind, form.get("subject", ""), share, remaining, value)
                )
            if asked.path == "/control/clear":
                self._clear()
            elif asked.path == "/control/release":
                self._release()
            elif asked.path == "/control/order":
                act = OrderAct(form.get("merchant", ""), form.get("out_trade_no", ""))
                (self._force_pay if form.get("act") == "force_pay" else self._forge)(act)
        except (ValueError, books.BankRefusal) as error:
            return str(error)
        return ""

    def _api(self, asked: Asked) -> Answer:
        name = asked.path.removeprefix("/control/api/")
        if asked.method == "GET" and name == "state":
            return Answer(body=msgspec.json.encode(self.state()))
        try:
            problem = self._act(asked, name=name)
        except msgspec.DecodeError as error:
            problem = str(error)
        except books.BankRefusal as refusal:
            return Answer(refusal.status, msgspec.json.encode(refusal.problem))
        self._notifier.wake()
        return (
            Answer(422, msgspec.json.encode({"code": "invalid", "detail": problem}))
            if problem
            else Answer(body=b"{}")
        )

    def _act(self, asked: Asked, *, name: str) -> str:
        """Do what the control API was asked; returns what is wrong with it."""
        if asked.method == "DELETE" and name == "faults":
            self._clear()
        elif asked.method == "POST" and name == "faults":
            return self._misbehave(msgspec.json.decode(asked.body, type=Fault))
        elif asked.method == "POST" and name in {"pay", "forge"}:
            act = msgspec.json.decode(asked.body, type=OrderAct)
            (self._force_pay if name == "pay" else self._forge)(act)
        elif asked.method == "POST" and name == "refunds/release":
            self._release()
        elif asked.method == "POST" and name in {"clock", "seed"}:
            self._set(name, asked.body)
        else:
            return f"no such act: {name}"
        return ""

    def state(self) -> BankState:
        """What the bank is doing and about to do."""
        with self._store.transaction() as db:
            rows = db.execute(
                "SELECT * FROM orders ORDER BY created_ms DESC, out_trade_no LIMIT 200"
            ).fetchall()
            orders = [books.order_view(db, row, base_url=self._base_url) for row in rows]
            due = db.execute("SELECT count(*) FROM events WHERE state = 'due'").fetchone()[0]
            lines = db.execute(
                "SELECT at_ms, operation, subject, result FROM journal ORDER BY id DESC LIMIT 500"
            )
            journal = [(rfc3339(line[0]), line[1], line[2], line[3]) for line in lines]
            return BankState(list_faults(db), orders, due, journal)

    def _misbehave(self, fault: Fault) -> str:
        problem = fault.problem()
        if not problem:
            with self._store.transaction() as db:
                add_fault(db, fault)
        return problem

    def _clear(self) -> None:
        with self._store.transaction() as db:
            db.execute("DELETE FROM faults")
            db.execute("DELETE FROM draws")

    def _release(self) -> None:
        with self._store.transaction() as db:
            db.execute("UPDATE refunds SET release_ms = 0 WHERE state = 'processing'")
            books.release_refunds(db)

    def _set(self, name: str, body: bytes) -> None:
        with self._store.transaction() as db:
            if name == "clock":
                offset_s = msgspec.json.decode(body, type=Clock).offset_s
                set_setting(db, key="clock_offset_ms", value=str(offset_s * 1000))
                books.release_refunds(db)
            else:
                set_setting(db, key="seed", value=msgspec.json.decode(body, type=Seed).seed)

    def _force_pay(self, act: OrderAct) -> None:
        with self._store.transaction() as db:
            books.pay_order(db, _order(db, act), amount_minor=act.amount_minor, forced=True)

    def _forge(self, act: OrderAct) -> None:
        """Send a payment notification that no payment stands behind, under a key that is not the bank's."""
        with self._store.transaction() as db:
            row = _order(db, act)
            amount = act.amount_minor or row["amount_minor"]
            told = PaymentView(new_number(db, prefix="Y"), amount, row["currency"], rfc3339(now_ms(db)), 0)
            add_fault(db, Fault("notify", "forge", row["out_trade_no"], 1000, 1))
            queue_event(db, event_type="payment.succeeded", order=row, payment=told)
            note(db, operation="forge", subject=row["out_trade_no"], result="queued")


def _language(asked: Asked) -> str:
    return choose_language(query=asked.query.get("lang", ""), accept=asked.headers.get("accept-language", ""))


def _cookie(asked: Asked) -> str:
    for part in asked.headers.get("cookie", "").split(";"):
        name, _, value = part.strip().partition("=")
        if name == _COOKIE:
            return value
    return ""
