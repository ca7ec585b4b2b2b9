"""Payments that arrived and refunds to their source. Owns the rule that each payment ends as goods or as
money back.

A payment is known by its provider's number, once for ever. One that fits its purchase is captured and the
goods are handed over in the same transaction; any other (late, second, wrong amount, unknown) is booked and
its refund is due.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from kamao.engine.burst import Burst
from kamao.engine.ledger.accounts import cash, escrow, platform
from kamao.engine.pool import Connection
from kamao.engine.statements import statement
from kamao.engine.stock.types import Allocated
from kamao.engine.trade.desk import OrderDesk
from kamao.engine.trade.drafts import hand_over_codes, load_lot_keys
from kamao.engine.trade.supplying import Attempt, plan_attempts
from kamao.engine.trade.tools import TradeTools
from kamao.engine.trade.types import PaymentArrived, PaymentOutcome, RefundAnswer, RefundView
from kamao.kernel.ids import IdSource, sql_array


def apply_payments(
    connection: Connection, payments: Sequence[PaymentArrived], *, at: datetime, tools: TradeTools
) -> list[PaymentOutcome]:
    """Book verified payments, each once. See ``PaymentOutcome`` for the outcomes; reasons of ``unapplied``
    are ``purchase_not_found``, ``wrong_amount``, ``already_paid``, ``purchase_expired``,
    ``purchase_cancelled``.
    """
    return _Applying(connection, payments, at=at, tools=tools).run()


class _Applying:
    def __init__(
        self, connection: Connection, payments: Sequence[PaymentArrived], *, at: datetime, tools: TradeTools
    ) -> None:
        self._connection = connection
        self._payments = payments
        self._at = at
        self._tools = tools
        self._desk = OrderDesk(connection, at=at, ids=tools.ids)
        self._purchases: dict[UUID, list[Any]] = {}
        self._orders: dict[UUID, list[UUID]] = {}
        self._known: dict[tuple[str, str], tuple[int, str]] = {}
        self._rows: list[tuple[UUID, PaymentArrived, str, str]] = []
        self._refunds: list[tuple[UUID, UUID, PaymentArrived, str]] = []
        self._captured: list[UUID] = []

    def run(self) -> list[PaymentOutcome]:
        self._read()
        results = [self._decide(payment) for payment in self._payments]
        self._write()
        return results

    def _read(self) -> None:
        payments = self._payments
        purchases = sorted({payment.purchase for payment in payments if payment.purchase is not None})
        with self._connection.cursor() as cursor:
            names = [f"payment:{payment.provider}:{payment.provider_payment_no}" for payment in payments]
            cursor.execute(statement("trade/lock_purchase_keys"), (names,))
            cursor.execute(statement("trade/lock_purchases"), (sql_array(purchases),))
            self._purchases = {row[0]: list(row) for row in cursor.fetchall()}
            cursor.execute(
                statement("trade/read_payments"),
                (
                    [payment.provider for payment in payments],
                    [payment.provider_payment_no for payment in payments],
                ),
            )
            self._known = {(row[0], row[1]): (row[2], row[3]) for row in cursor.fetchall()}
            cursor.execute(statement("trade/orders_of_purchases"), (sql_array(purchases),))
            for purchase, order in cursor.fetchall():
                self._orders.setdefault(purchase, []).append(order)
        self._desk.lock_orders([order for orders in self._orders.values() for order in orders])
        self._desk.lock_accounts(
            [
                account
                for payment in payments
                for account in (
                    cash(payment.provider, payment.currency),
                    escrow(payment.currency),
                    platform("unapplied", payment.currency),
                    platform("refund_due", payment.currency),
                )
            ]
        )

    def _decide(self, payment: PaymentArrived) -> PaymentOutcome:
        key = (payment.provider, payment.provider_payment_no)
        if key in self._known:
            same = self._known[key] == (payment.amount_minor, payment.currency)
            return PaymentOutcome("duplicate" if same else "conflict")
        self._known[key] = (payment.amount_minor, payment.currency)
        identity = self._tools.ids.new()
        reason = self._misfit(payment)
        if reason is None and payment.purchase is not None:
            self._rows.append((identity, payment, "captured", ""))
            self._capture(payment, payment.purchase)
            return PaymentOutcome("captured", payment=identity)
        refund = self._tools.ids.new()
        self._rows.append((identity, payment, "unapplied", reason or ""))
        self._refunds.append((refund, identity, payment, reason or ""))
        unapplied = platform("unapplied", payment.currency)
        journal = self._desk.journal
        journal.post(
            "unapplied", debit=cash(payment.provider, payment.currency), credit=unapplied,
            amount_minor=payment.amount_minor, subject=identity,
        )  # fmt: skip
        journal.post(
            "unapplied_refund", debit=unapplied, credit=platform("refund_due", payment.currency),
            amount_minor=payment.amount_minor, subject=refund,
        )  # fmt: skip
        return PaymentOutcome("unapplied", reason or "", identity, refund)

    def _misfit(self, payment: PaymentArrived) -> str | None:
        """Say why a payment does not fit its purchase; None where it does."""
        purchase = self._purchases.get(payment.purchase) if payment.purchase else None
        if purchase is None:
            return "purchase_not_found"
        if purchase[3] in ("paid", "refunded"):
            return "already_paid"
        if purchase[3] not in ("awaiting_payment", "closing"):
            return f"purchase_{purchase[3]}"
        if (purchase[2], purchase[4]) != (payment.amount_minor, payment.currency):
            return "wrong_amount"
        return None

    def _capture(self, payment: PaymentArrived, purchase: UUID) -> None:
        self._purchases[purchase][3] = "paid"
        self._captured.append(purchase)
        for key in self._orders[purchase]:
            order = self._desk.orders[key]
            if order.amount_minor:
                self._desk.journal.post(
                    "payment",
                    debit=cash(payment.provider, payment.currency),
                    credit=escrow(payment.currency),
                    amount_minor=order.amount_minor,
                    order=key,
                    subject=purchase,
                )
            order.captured_minor = order.amount_minor

    def _write(self) -> None:
        with self._connection.cursor() as cursor:
            if self._rows:
                cursor.execute(statement("trade/insert_payments"), (self._at, *self._payment_columns()))
            if self._captured:
                cursor.execute(
                    statement("trade/set_purchase_state"), ("paid", self._at, sql_array(self._captured))
                )
                self._hand_over()
            self._desk.write()
            if self._refunds:
                self._write_refunds()

    def _payment_columns(self) -> tuple[object, ...]:
        rows = self._rows
        return (
            sql_array([row[0] for row in rows]),
            [row[1].provider for row in rows],
            [row[1].provider_payment_no for row in rows],
            # A payment for a purchase that does not exist keeps no link to it.
            [row[1].purchase if row[1].purchase in self._purchases else None for row in rows],
            [row[1].amount_minor for row in rows],
            [row[1].currency for row in rows],
            [row[2] for row in rows],
            [row[3] for row in rows],
            [row[1].paid_at for row in rows],
        )

    def _hand_over(self) -> None:
        """Give reserved codes to their orders; other goods are planned with their supplier."""
        orders = [self._desk.orders[key] for purchase in self._captured for key in self._orders[purchase]]
        providers = {row[1].purchase: row[1] for row in self._rows if row[2] == "captured"}
        codes: dict[UUID, list[Allocated]] = {}
        with self._connection.cursor() as cursor:
            funded = [order for order in orders if order.amount_minor]
            cursor.execute(
                statement("trade/insert_funding"),
                (
                    sql_array([order.id for order in funded]),
                    sql_array(
                        [cash(providers[order.purchase].provider, order.currency).id for order in funded]
                    ),
                    [order.amount_minor for order in funded],
                ),
            )
            cursor.execute(statement("stock/read_reserved"), (sql_array([order.id for order in orders]),))
            for holder, *code in cursor.fetchall():
                codes.setdefault(holder, []).append(Allocated(*code))
            cursor.execute(
                statement("pricing/read_offer_terms"), (sql_array([o.offer for o in orders if o.offer]),)
            )
            terms = {row[0]: row[1:] for row in cursor.fetchall()}
        load_lot_keys(self._connection, [code.lot for rows in codes.values() for code in rows], self._tools)
        pairs = [(order, code) for order, rows in codes.items() for code in rows]
        if pairs:
            burst = Burst(self._connection)
            hand_over_codes(burst, pairs, at=self._at, tools=self._tools)
            burst.send()
        waiting = []
        for order in orders:
            assert order.offer is not None, "every order of a purchase was decided with an offer"
            if order.id in codes:
                order.delivered_quantity = len(codes[order.id])
                order.delivered_at = self._at
                order.settles_at = self._at + timedelta(seconds=terms[order.offer][1])
                self._desk.move(order, "delivered", event="order.delivered", actor="payment")
            else:
                waiting.append(order)
                self._desk.move(order, "paid", event="order.paid", actor="payment")
        attempts = [
            Attempt(order.id, order.offer, terms[order.offer][0], terms[order.offer][2])
            for order in waiting
            if order.offer is not None
        ]
        burst = Burst(self._connection)
        plan_attempts(burst, attempts, at=self._at, source=self._tools.ids)
        burst.send()

    def _write_refunds(self) -> None:
        rows = self._refunds
        with self._connection.cursor() as cursor:
            cursor.execute(
                statement("trade/insert_refunds"),
                (
                    self._at,
                    sql_array([row[0] for row in rows]),
                    [None] * len(rows),
                    [row[1] for row in rows],
                    [None] * len(rows),
                    [0] * len(rows),
                    [row[2].amount_minor for row in rows],
                    [row[2].currency for row in rows],
                    ["due"] * len(rows),
                    ["system"] * len(rows),
                    [row[3] for row in rows],
                ),
            )
            cursor.execute(
                statement("trade/add_refunded"),
                (sql_array([row[1] for row in rows]), [row[2].amount_minor for row in rows]),
            )


def claim_refunds(connection: Connection, *, at: datetime, limit: int) -> list[RefundView]:
    """Mark due refunds as sent and return them: commit, and only then ask the provider."""
    with connection.cursor() as cursor:
        cursor.execute(statement("trade/claim_refunds"), (limit, at))
        ids = [row[0] for row in cursor.fetchall()]
    return refunds_by_id(connection, ids)


def unanswered_refunds(connection: Connection, *, sent_before: datetime, limit: int) -> list[RefundView]:
    """Return refunds that were sent or are in doubt and still have no final answer: to be asked, never
    guessed.
    """
    with connection.cursor() as cursor:
        cursor.execute(statement("trade/unanswered_refunds"), (sent_before, limit))
        ids = [row[0] for row in cursor.fetchall()]
    return refunds_by_id(connection, ids)


def refunds_by_id(connection: Connection, refunds: Sequence[UUID]) -> list[RefundView]:
    """Return refunds to payments with what their provider needs."""
    with connection.cursor() as cursor:
        cursor.execute(statement("trade/read_refunds"), (sql_array(refunds),))
        return [RefundView(*row) for row in cursor.fetchall()]


def answer_refunds(
    connection: Connection, answers: Sequence[RefundAnswer], *, at: datetime, ids: IdSource
) -> list[str]:
    """Take providers' final answers.

    Outcomes: ``refund_not_found``, ``repeated``, ``state_conflict`` (not sent, or answered otherwise),
    ``done``. Only ``done`` moves money: refund_due → cash.
    """
    desk = OrderDesk(connection, at=at, ids=ids)
    with connection.cursor() as cursor:
        cursor.execute(
            statement("trade/lock_refunds"), (sql_array(sorted({item.refund for item in answers})),)
        )
        rows = {row[0]: list(row) for row in cursor.fetchall()}
        outcomes = []
        for item in answers:
            row = rows.get(item.refund)
            if row is None:
                outcomes.append("refund_not_found")
            elif row[1] == item.answer:
                outcomes.append("repeated")
            elif row[1] not in ("sent", "in_doubt"):
                outcomes.append("state_conflict")
            else:
                row[1] = item.answer
                done_at = at if item.answer == "done" else None
                cursor.execute(
                    statement("trade/set_refund_state"),
                    (item.answer, item.provider_refund_no, done_at, item.refund),
                )
                if item.answer == "done":
                    _pay_refund(desk, row)
                outcomes.append("done")
    desk.write()
    return outcomes


def _pay_refund(desk: OrderDesk, row: Sequence[Any]) -> None:
    refund, _, amount, currency, provider, order = row
    desk.journal.post(
        "refund_paid",
        debit=platform("refund_due", currency),
        credit=cash(provider, currency),
        amount_minor=amount,
        order=order,
        subject=refund,
    )


def retry_refund(connection: Connection, refund: UUID) -> bool:
    """Put a refused refund back to ``due`` (by a person, with the reason elsewhere); False where it is not
    refused.
    """
    with connection.cursor() as cursor:
        cursor.execute(statement("trade/retry_refund"), (refund,))
        return cursor.rowcount == 1
