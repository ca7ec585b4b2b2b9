"""Money back: refunds of units, cancellation, failure. Owns refund rows; always to the source the money came
from.

The unsettled part comes out of escrow, the settled part from the parties that got it: their payable first,
then the supplier's deposit, then the platform's guarantee with a receivable against the party. Refuses more
than was paid.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from kamao.engine.ledger.accounts import Account, escrow, owned, platform
from kamao.engine.pool import Connection
from kamao.engine.statements import statement
from kamao.engine.trade.desk import LockedOrder, OrderDesk
from kamao.engine.trade.rules import refund_of_units, reversal_shares
from kamao.engine.trade.types import CancelRequest, Change, RefundRequest
from kamao.kernel.ids import IdSource, sql_array

_REFUNDABLE = frozenset({"paid", "fulfilling", "delivered", "settled"})


class _Source(msgspec.Struct, frozen=True):
    """Where an order's money came from: a wallet, or a payment held as cash."""

    account: Account
    payment: UUID | None


class _Row(msgspec.Struct, frozen=True):
    """A refund row to be written."""

    id: UUID
    order: UUID
    payment: UUID | None
    destination: UUID | None
    units: int
    amount_minor: int
    currency: str
    state: str
    actor: str
    reason: str


class RefundDesk:
    """Refunds on locked orders; make one per transaction, ``prepare`` before deciding, ``write`` at the
    end.
    """

    def __init__(self, desk: OrderDesk) -> None:
        self._desk = desk
        self._sources: dict[UUID, list[_Source]] = {}
        self._settled: dict[UUID, list[tuple[Account, int, int]]] = {}
        self._rows: list[_Row] = []
        self._by_payment: dict[UUID, int] = {}

    def prepare(self) -> None:
        """Load funding and settlements of the desk's orders and lock every account that may move."""
        orders = sql_array(list(self._desk.orders))
        with self._desk.connection.cursor() as cursor:
            cursor.execute(statement("trade/read_funding"), (orders,))
            for order, payment, *source in cursor.fetchall():
                self._sources.setdefault(order, []).append(_Source(Account(*source), payment))
            cursor.execute(statement("trade/read_settled"), (orders,))
            for order, settled, returned, *share in cursor.fetchall():
                self._settled.setdefault(order, []).append((Account(*share), settled, returned))
        accounts = [source.account for sources in self._sources.values() for source in sources]
        for order in self._desk.orders.values():
            accounts += [escrow(order.currency), platform("refund_due", order.currency)]
        for shares in self._settled.values():
            for account, _, _ in shares:
                accounts += [account, *_backing(account)]
        self._desk.lock_accounts(accounts)

    def refund(self, order: LockedOrder, units: int, *, refund: UUID, actor: str, reason: str) -> int | None:
        """Refund ``units`` more units; return the amount, or None where nobody can fund it now (row
        ``unfunded``).

        The caller has checked state and count. Units without money (a gift) refund 0 and write no refund row.
        """
        after = order.units_refunded + units
        amount = refund_of_units(
            order.captured_minor + order.subsidy_minor, order.quantity,
            refunded_before=order.units_refunded, refunded_after=after,
        )  # fmt: skip
        if amount:
            from_escrow = min(amount, order.held_minor)
            if not self._reverse(order, amount - from_escrow, refund):
                self._append(order, refund, units, amount, "unfunded", actor, reason)
                return None
            if from_escrow:
                self._post("refund", escrow(order.currency), order, from_escrow, refund)
            order.refunded_escrow_minor += from_escrow
            order.refunded_settled_minor += amount - from_escrow
            self._pay_out(order, amount, refund, units, actor, reason)
        order.units_refunded = after
        self._desk.changed(order)
        return amount

    def _post(self, kind: str, debit: Account, order: LockedOrder, amount: int, refund: UUID) -> None:
        self._desk.journal.post(
            kind, debit=debit, credit=platform("refund_due", order.currency), amount_minor=amount,
            order=order.id, subject=refund,
        )  # fmt: skip

    def _reverse(self, order: LockedOrder, amount: int, refund: UUID) -> bool:
        """Take the settled part back from those who got it; False (and nothing posted) where it cannot be
        funded.
        """
        if not amount:
            return True
        shares = self._settled.get(order.id, [])
        parts = reversal_shares(
            [settled for _, settled, _ in shares],
            [returned for _, _, returned in shares],
            amount_minor=amount,
        )
        plan: list[tuple[str, Account, int]] = []
        short: list[tuple[Account, int]] = []
        for (account, _, _), part in zip(shares, parts, strict=True):
            lacking = part
            for kind, source in _sources_of(account):
                taken = lacking if not source.floored else min(lacking, self._available(source, plan))
                if taken:
                    plan.append((kind, source, taken))
                    lacking -= taken
            if lacking:
                short.append((account, lacking))
        guarantee = platform("guarantee", order.currency)
        if sum(lacking for _, lacking in short) > self._available(guarantee, plan):
            return False
        for kind, source, taken in plan:
            self._post(kind, source, order, taken, refund)
        for account, lacking in short:
            self._post("guarantee", guarantee, order, lacking, refund)
            assert account.owner is not None, "the platform's own share never lacks"
            self._desk.journal.post(
                "recourse",
                debit=owned("receivable", account.owner, order.currency),
                credit=platform("recourse", order.currency),
                amount_minor=lacking,
                order=order.id,
                subject=refund,
            )
        return True

    def _available(self, account: Account, plan: Sequence[tuple[str, Account, int]]) -> int:
        planned = sum(taken for _, source, taken in plan if source.id == account.id)
        return max(self._desk.journal.available_minor(account) - planned, 0)

    def _pay_out(
        self, order: LockedOrder, amount: int, refund: UUID, units: int, actor: str, reason: str
    ) -> None:
        source = self._sources[order.id][0]
        state = "due"
        if source.payment is None:
            self._desk.journal.post(
                "refund_paid",
                debit=platform("refund_due", order.currency),
                credit=source.account,
                amount_minor=amount,
                order=order.id,
                subject=refund,
            )
            state = "done"
        else:
            self._by_payment[source.payment] = self._by_payment.get(source.payment, 0) + amount
        self._append(order, refund, units, amount, state, actor, reason)

    def _append(
        self, order: LockedOrder, refund: UUID, units: int, amount: int, state: str, actor: str, reason: str
    ) -> None:
        source = self._sources[order.id][0]
        destination = source.account.id if source.payment is None else None
        self._rows.append(
            _Row(
                refund,
                order.id,
                source.payment,
                destination,
                units,
                amount,
                order.currency,
                state,
                actor,
                reason,
            )
        )

    def write(self) -> None:
        """Write refund rows and what they take of their payments; the desk writes the rest."""
        insert_refunds(self._desk.connection, self._rows, at=self._desk.at)
        if self._by_payment:
            payments = sorted(self._by_payment)
            with self._desk.connection.cursor() as cursor:
                cursor.execute(
                    statement("trade/add_refunded"),
                    (sql_array(payments), [self._by_payment[key] for key in payments]),
                )
        self._rows, self._by_payment = [], {}


def _sources_of(account: Account) -> list[tuple[str, Account]]:
    """Return where a settled share is taken back from, in order, with the kind of posting."""
    if account.owner is None:
        return [("reversal", account)]
    return [("reversal", account), ("deposit_claim", owned("deposit", account.owner, account.currency))]


def _backing(account: Account) -> list[Account]:
    """Return the further accounts that may stand in for a party's share."""
    if account.owner is None:
        return []
    return [
        owned("deposit", account.owner, account.currency),
        owned("receivable", account.owner, account.currency),
        platform("guarantee", account.currency),
        platform("recourse", account.currency),
    ]


def insert_refunds(connection: Connection, rows: Sequence[_Row], *, at: datetime) -> None:
    """Write refund rows."""
    if not rows:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            statement("trade/insert_refunds"),
            (
                at,
                sql_array([row.id for row in rows]),
                [row.order for row in rows],
                [row.payment for row in rows],
                [row.destination for row in rows],
                [row.units for row in rows],
                [row.amount_minor for row in rows],
                [row.currency for row in rows],
                [row.state for row in rows],
                [row.actor for row in rows],
                [row.reason for row in rows],
            ),
        )


def refund(
    connection: Connection, requests: Sequence[RefundRequest], *, at: datetime, ids: IdSource
) -> list[Change]:
    """Refund units of orders.

    Outcomes in precedence order: ``order_not_found``, ``repeated`` (the refund's id exists),
    ``state_conflict``, ``invalid_units``, ``unfunded`` (the refund waits for funds), ``done``.
    """
    desk = OrderDesk(connection, at=at, ids=ids)
    desk.lock_orders([request.order for request in requests])
    with connection.cursor() as cursor:
        cursor.execute(statement("trade/read_refund_ids"), (sql_array([request.id for request in requests]),))
        known: dict[UUID, int] = dict(cursor.fetchall())
    refunds = RefundDesk(desk)
    refunds.prepare()
    results = []
    for request in requests:
        order = desk.orders.get(request.order)
        if order is None:
            results.append(Change("order_not_found"))
        elif request.id in known:
            results.append(Change("repeated", order.state, known[request.id]))
        else:
            result = _refund_one(desk, refunds, order, request)
            if result.outcome in ("done", "unfunded"):
                known[request.id] = result.amount_minor
            results.append(result)
    desk.write()
    refunds.write()
    return results


def _refund_one(desk: OrderDesk, refunds: RefundDesk, order: LockedOrder, request: RefundRequest) -> Change:
    if order.state not in _REFUNDABLE:
        return Change("state_conflict", order.state)
    left = order.quantity - order.units_refunded
    units = left if request.units is None else request.units
    if not 0 < units <= left:
        return Change("invalid_units", order.state)
    amount = refunds.refund(order, units, refund=request.id, actor=request.actor, reason=request.reason)
    if amount is None:
        return Change("unfunded", order.state)
    if order.units_refunded == order.quantity:
        desk.move(order, "refunded", event="order.refunded", actor=request.actor, reason=request.reason)
    else:
        desk.tell("order.refunded", order, actor=request.actor, reason=request.reason, subject=request.id)
    return Change("done", order.state, amount)


def cancel(
    connection: Connection, requests: Sequence[CancelRequest], *, at: datetime, ids: IdSource
) -> list[Change]:
    """Cancel orders that nobody has been asked to supply yet; the money returns in the same transaction.

    Outcomes: ``order_not_found`` (another merchant's too), ``repeated``, ``state_conflict``, ``done``.
    """
    desk = OrderDesk(connection, at=at, ids=ids)
    desk.lock_orders([request.order for request in requests])
    with connection.cursor() as cursor:
        cursor.execute(statement("trade/orders_sent"), (sql_array([request.order for request in requests]),))
        sent = {row[0] for row in cursor.fetchall()}
    refunds = RefundDesk(desk)
    refunds.prepare()
    results, dropped = [], []
    for request in requests:
        order = desk.orders.get(request.order)
        if order is None or order.merchant != request.merchant:
            results.append(Change("order_not_found"))
        elif order.state == "cancelled":
            results.append(Change("repeated", order.state))
        elif order.state != "paid" or order.id in sent or order.purchase is not None:
            results.append(Change("state_conflict", order.state))
        else:
            amount = give_back(refunds, desk, order, "cancelled", actor=request.actor, reason=request.reason)
            dropped.append(order.id)
            results.append(Change("done", order.state, amount))
    with connection.cursor() as cursor:
        cursor.execute(statement("trade/drop_attempts"), (at, sql_array(dropped)))
    desk.write()
    refunds.write()
    return results


def give_back(
    refunds: RefundDesk, desk: OrderDesk, order: LockedOrder, state: str, *, actor: str, reason: str
) -> int:
    """Return all money of an undelivered order and end it as ``cancelled`` or ``failed``."""
    left = order.quantity - order.units_refunded
    amount = refunds.refund(order, left, refund=desk.ids.new(), actor=actor, reason=reason) if left else 0
    assert amount is not None, "money of an undelivered order is still in escrow"
    event = "order.cancelled" if state == "cancelled" else "order.failed"
    desk.move(order, state, event=event, actor=actor, reason=reason)
    return amount
