"""What the bank does with money: collect, close, refund, bill. No HTTP here.

Owns: orders, payments and refunds and the rules between them. Refuses: a second order under one number with
other content, a refund above what is left of a payment, a payment of a closed order (unless the control
desk forces it). A close of an order number never seen leaves a closed order behind, so that a create that
arrives later finds it dead.
"""

import sqlite3

from kamao_sandbox.bank.events import queue_event
from kamao_sandbox.bank.faults import Fault
from kamao_sandbox.bank.protocol import (
    CreateOrder,
    CreateRefund,
    OrderView,
    PaymentView,
    Problem,
    RefundView,
    rfc3339,
)
from kamao_sandbox.bank.store import new_number, note, now_ms, struck_by


class BankRefusal(Exception):
    """What a caller asked for cannot be; carries the HTTP status and the problem."""

    def __init__(self, status: int, code: str, detail: str) -> None:
        super().__init__(code)
        self.status = status
        self.problem = Problem(code, detail)


def _payments(db: sqlite3.Connection, *, merchant: str, out_trade_no: str) -> list[PaymentView]:
    rows = db.execute(
        "SELECT * FROM payments WHERE merchant = ? AND out_trade_no = ? ORDER BY paid_ms, payment_no",
        (merchant, out_trade_no),
    )
    return [payment_view(row) for row in rows]


def payment_view(row: sqlite3.Row) -> PaymentView:
    """A payment row in the shape of the protocol."""
    return PaymentView(
        row["payment_no"],
        row["amount_minor"],
        row["currency"],
        rfc3339(row["paid_ms"]),
        row["refunded_minor"],
    )


def order_row(db: sqlite3.Connection, *, merchant: str, out_trade_no: str) -> sqlite3.Row | None:
    """The order a merchant made under this number."""
    row: sqlite3.Row | None = db.execute(
        "SELECT * FROM orders WHERE merchant = ? AND out_trade_no = ?", (merchant, out_trade_no)
    ).fetchone()
    return row


def order_view(db: sqlite3.Connection, row: sqlite3.Row, *, base_url: str) -> OrderView:
    """An order row with its payments in the shape of the protocol; an unpaid order past its expiry shows
    closed.
    """
    expired = row["state"] == "unpaid" and row["expires_ms"] <= now_ms(db)
    return OrderView(
        out_trade_no=row["out_trade_no"],
        bank_order_no=row["bank_order_no"],
        merchant=row["merchant"],
        state="closed" if expired else row["state"],
        amount_minor=row["amount_minor"],
        currency=row["currency"],
        expires_at=rfc3339(row["expires_ms"]),
        pay_url=f"{base_url}/pay/{row['bank_order_no']}",
        payments=_payments(db, merchant=row["merchant"], out_trade_no=row["out_trade_no"]),
    )


def create_order(
    db: sqlite3.Connection, asked: CreateOrder, *, merchant: str, notify_url: str
) -> sqlite3.Row:
    """Make an order, or find the one already made with the same content."""
    if (
        not 0 < asked.amount_minor <= 10**12
        or len(asked.currency) != 3
        or not 0 < len(asked.out_trade_no) <= 64
    ):
        raise BankRefusal(422, "invalid", "amount, currency or order number is out of range")
    if asked.expires_at.tzinfo is None or len(asked.subject) > 200:
        raise BankRefusal(422, "invalid", "the expiry needs a zone; a subject has at most 200 characters")
    expires_ms = int(asked.expires_at.timestamp() * 1000)
    row = order_row(db, merchant=merchant, out_trade_no=asked.out_trade_no)
    if row is not None:
        same = (row["amount_minor"], row["currency"], row["expires_ms"]) == (
            asked.amount_minor,
            asked.currency,
            expires_ms,
        )
        if not same and row["subject"] != "":
            raise BankRefusal(409, "out_trade_no_conflict", "this order number was used for another order")
        return row
    db.execute(
        "INSERT INTO orders VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'unpaid')",
        (
            asked.out_trade_no,
            merchant,
            new_number(db, prefix="B"),
            asked.amount_minor,
            asked.currency,
            asked.subject or asked.out_trade_no,
            asked.notify_url or notify_url,
            asked.return_url,
            expires_ms,
            now_ms(db),
        ),
    )
    note(db, operation="create", subject=asked.out_trade_no, result="made")
    made = order_row(db, merchant=merchant, out_trade_no=asked.out_trade_no)
    if made is None:
        raise AssertionError("an order just written is missing")
    return made


def close_order(db: sqlite3.Connection, *, merchant: str, out_trade_no: str) -> sqlite3.Row:
    """Close an order unless it is paid; returns the order, whose state says which it was."""
    if not 0 < len(out_trade_no) <= 64:
        raise BankRefusal(422, "invalid", "an order number has 1 to 64 characters")
    row = order_row(db, merchant=merchant, out_trade_no=out_trade_no)
    if row is None:
        at = now_ms(db)
        db.execute(
            "INSERT INTO orders VALUES (?, ?, ?, 1, 'CNY', '', '', '', ?, ?, 'closed')",
            (out_trade_no, merchant, new_number(db, prefix="B"), at, at),
        )
    elif row["state"] == "unpaid":
        db.execute(
            "UPDATE orders SET state = 'closed' WHERE merchant = ? AND out_trade_no = ?",
            (merchant, out_trade_no),
        )
    closed = order_row(db, merchant=merchant, out_trade_no=out_trade_no)
    if closed is None:
        raise AssertionError("an order just closed is missing")
    note(db, operation="close", subject=out_trade_no, result=closed["state"])
    return closed


def pay_order(
    db: sqlite3.Connection, row: sqlite3.Row, *, amount_minor: int | None = None, forced: bool = False
) -> list[PaymentView]:
    """Money arrives for an order. `forced` is the control desk's: also twice, after expiry, after a close.

    Returns the payments made: none when the order cannot be paid.
    """
    dead = row["state"] != "unpaid" or row["expires_ms"] <= now_ms(db)
    if dead and not forced:
        return []
    struck = struck_by(db, operation="pay", subject=row["out_trade_no"])
    amount = row["amount_minor"] if amount_minor is None else amount_minor
    if "wrong_amount" in struck:
        amount = max(1, amount + (struck["wrong_amount"].value or -1))
    count = 2 if "pay_twice" in struck else 1
    made = []
    for _ in range(count):
        payment = PaymentView(new_number(db, prefix="Y"), amount, row["currency"], rfc3339(now_ms(db)), 0)
        db.execute(
            "INSERT INTO payments (payment_no, merchant, out_trade_no, amount_minor, currency, paid_ms)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            (payment.payment_no, row["merchant"], row["out_trade_no"], amount, row["currency"], now_ms(db)),
        )
        queue_event(db, event_type="payment.succeeded", order=row, payment=payment)
        made.append(payment)
    db.execute(
        "UPDATE orders SET state = 'paid' WHERE merchant = ? AND out_trade_no = ?",
        (row["merchant"], row["out_trade_no"]),
    )
    note(db, operation="pay", subject=row["out_trade_no"], result=f"{count} × {amount} {row['currency']}")
    return made


def refund_row(db: sqlite3.Connection, *, merchant: str, refund_no: str) -> sqlite3.Row | None:
    """The refund a merchant asked for under this number, released first if its time of doubt is over."""
    row = db.execute(
        "SELECT * FROM refunds WHERE merchant = ? AND refund_no = ?", (merchant, refund_no)
    ).fetchone()
    if row is not None and row["state"] == "processing" and (row["release_ms"] or 0) <= now_ms(db):
        _decide(db, row, state="done")
        row = db.execute(
            "SELECT * FROM refunds WHERE merchant = ? AND refund_no = ?", (merchant, refund_no)
        ).fetchone()
    found: sqlite3.Row | None = row
    return found


def release_refunds(db: sqlite3.Connection) -> int:
    """Finish the refunds whose time of doubt is over; returns how many."""
    rows = db.execute(
        "SELECT * FROM refunds WHERE state = 'processing' AND release_ms <= ?", (now_ms(db),)
    ).fetchall()
    for row in rows:
        _decide(db, row, state="done")
    return len(rows)


def refund_view(row: sqlite3.Row) -> RefundView:
    """A refund row in the shape of the protocol."""
    decided = None if row["decided_ms"] is None else rfc3339(row["decided_ms"])
    return RefundView(
        row["refund_no"],
        row["payment_no"],
        row["out_trade_no"],
        row["merchant"],
        row["state"],
        row["amount_minor"],
        row["currency"],
        decided,
        row["refusal"],
    )


def _decide(db: sqlite3.Connection, row: sqlite3.Row, *, state: str, refusal: str = "") -> None:
    db.execute(
        "UPDATE refunds SET state = ?, refusal = ?, decided_ms = ? WHERE merchant = ? AND refund_no = ?",
        (state, refusal, now_ms(db), row["merchant"], row["refund_no"]),
    )
    if state == "refused":
        db.execute(
            "UPDATE payments SET refunded_minor = refunded_minor - ? WHERE payment_no = ?",
            (row["amount_minor"], row["payment_no"]),
        )
    decided = db.execute(
        "SELECT * FROM refunds WHERE merchant = ? AND refund_no = ?", (row["merchant"], row["refund_no"])
    ).fetchone()
    order = order_row(db, merchant=row["merchant"], out_trade_no=row["out_trade_no"])
    if order is not None:
        queue_event(db, event_type=f"refund.{state}", order=order, refund=refund_view(decided))
    note(db, operation="refund", subject=row["refund_no"], result=state)


def create_refund(
    db: sqlite3.Connection, asked: CreateRefund, *, merchant: str, struck: dict[str, Fault]
) -> sqlite3.Row:
    """Refund part or all of a payment, or find the refund already asked for under this number.

    A refused refund may be asked for again under the same number and is then tried anew.
    """
    payment = db.execute(
        "SELECT * FROM payments WHERE merchant = ? AND payment_no = ?", (merchant, asked.payment_no)
    ).fetchone()
    if payment is None:
        raise BankRefusal(404, "payment_not_found", "no such payment")
    row = refund_row(db, merchant=merchant, refund_no=asked.refund_no)
    if row is not None:
        if (row["payment_no"], row["amount_minor"]) != (asked.payment_no, asked.amount_minor):
            raise BankRefusal(409, "refund_no_conflict", "this refund number was used for another refund")
        if row["state"] != "refused":
            return row
        db.execute("DELETE FROM refunds WHERE merchant = ? AND refund_no = ?", (merchant, asked.refund_no))
    left = payment["amount_minor"] - payment["refunded_minor"]
    if not 0 < asked.amount_minor <= left or not 0 < len(asked.refund_no) <= 64:
        raise BankRefusal(
            422, "refund_above_payment", "a refund is at least 1 and at most what is left of the payment"
        )
    release_ms = now_ms(db) + (struck["in_doubt"].value or 3600) * 1000 if "in_doubt" in struck else None
    db.execute(
        "INSERT INTO refunds (refund_no, merchant, payment_no, out_trade_no, amount_minor, currency, reason,"
        " state, created_ms, release_ms) VALUES (?, ?, ?, ?, ?, ?, ?, 'processing', ?, ?)",
        (
            asked.refund_no,
            merchant,
            asked.payment_no,
            payment["out_trade_no"],
            asked.amount_minor,
            payment["currency"],
            asked.reason[:200],
            now_ms(db),
            release_ms,
        ),
    )
    db.execute(
        "UPDATE payments SET refunded_minor = refunded_minor + ? WHERE payment_no = ?",
        (asked.amount_minor, asked.payment_no),
    )
    key = (merchant, asked.refund_no)
    made = db.execute("SELECT * FROM refunds WHERE merchant = ? AND refund_no = ?", key).fetchone()
    if "refuse" in struck:
        _decide(db, made, state="refused", refusal="the sandbox bank was told to refuse")
    elif release_ms is None:
        _decide(db, made, state="done")
    decided: sqlite3.Row = db.execute(
        "SELECT * FROM refunds WHERE merchant = ? AND refund_no = ?", key
    ).fetchone()
    return decided
