"""Changes to existing orders: lock, change, write once. Owns transitions, order money and their events.

Every function that changes orders works on a desk: it locks the orders in id order, then the floored accounts
it may post to, and writes everything set-based at the end. A transition that the table does not have is a
bug, not a refusal.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from kamao.engine.ledger.accounts import Account, ensure_accounts
from kamao.engine.ledger.journal import Journal
from kamao.engine.pool import Connection
from kamao.engine.statements import statement
from kamao.kernel.ids import IdSource, sql_array
from kamao.kernel.states import ORDER_TRANSITIONS, may_become


class LockedOrder:
    """An order under this transaction's row lock; its fields are the row's."""

    __slots__ = (
        "amount_minor",
        "captured_minor",
        "created_at",
        "currency",
        "delivered_at",
        "delivered_quantity",
        "disputes_open",
        "id",
        "intake",
        "merchant",
        "message",
        "offer",
        "purchase",
        "quantity",
        "refunded_escrow_minor",
        "refunded_settled_minor",
        "retail_unit_price_e4",
        "settled_minor",
        "settles_at",
        "sku",
        "state",
        "subsidy_minor",
        "unit_price_e4",
        "units_refunded",
    )

    id: UUID
    merchant: UUID
    sku: UUID
    offer: UUID | None
    quantity: int
    unit_price_e4: int
    amount_minor: int
    currency: str
    state: str
    captured_minor: int
    subsidy_minor: int
    refunded_escrow_minor: int
    refunded_settled_minor: int
    settled_minor: int
    delivered_quantity: int
    units_refunded: int
    intake: str
    retail_unit_price_e4: int | None
    purchase: UUID | None
    disputes_open: int
    message: str | None
    created_at: datetime
    delivered_at: datetime | None
    settles_at: datetime | None

    def __init__(self, row: Sequence[Any]) -> None:
        for name, value in zip(_COLUMNS, row, strict=True):
            setattr(self, name, value)

    @property
    def held_minor(self) -> int:
        """Money of this order that is still in escrow."""
        return self.captured_minor + self.subsidy_minor - self.refunded_escrow_minor - self.settled_minor


_COLUMNS = (
    "id",
    "merchant",
    "sku",
    "offer",
    "quantity",
    "unit_price_e4",
    "amount_minor",
    "currency",
    "state",
    "captured_minor",
    "subsidy_minor",
    "refunded_escrow_minor",
    "refunded_settled_minor",
    "settled_minor",
    "delivered_quantity",
    "units_refunded",
    "intake",
    "retail_unit_price_e4",
    "purchase",
    "disputes_open",
    "message",
    "created_at",
    "delivered_at",
    "settles_at",
)


class OrderDesk:
    """Locked orders of one transaction and everything that happens to them."""

    def __init__(self, connection: Connection, *, at: datetime, ids: IdSource) -> None:
        self.connection = connection
        self.at = at
        self.ids = ids
        self.journal = Journal(at=at, ids=ids)
        self.orders: dict[UUID, LockedOrder] = {}
        self._changed: dict[UUID, LockedOrder] = {}
        self._events: list[tuple[str, UUID, UUID | None, UUID | None, str | None, str | None, str, str]] = []

    def lock_orders(self, ids: Iterable[UUID]) -> None:
        """Lock orders in id order and load them; unknown ids are simply absent."""
        wanted = sorted(set(ids))
        if not wanted:
            return
        with self.connection.cursor() as cursor:
            cursor.execute(statement("trade/lock_orders"), (sql_array(wanted),))
            for row in cursor:
                self.orders[row[0]] = LockedOrder(row)

    def lock_accounts(self, accounts: Iterable[Account]) -> None:
        """Create what is missing among these accounts and lock the floored ones; once, after the orders."""
        wanted = list(accounts)
        if wanted:
            ensure_accounts(self.connection, wanted, at=self.at)
            self.journal.lock(self.connection, wanted)

    def changed(self, order: LockedOrder) -> None:
        """Remember to write an order back."""
        self._changed[order.id] = order

    def move(self, order: LockedOrder, state: str, *, event: str, actor: str, reason: str = "") -> None:
        """Take an order to another state with its event."""
        assert may_become(ORDER_TRANSITIONS, order.state, state), f"{order.state} does not become {state}"
        before, order.state = order.state, state
        self.changed(order)
        self.tell(event, order, before=before, after=state, actor=actor, reason=reason)

    def tell(
        self,
        event: str,
        order: LockedOrder,
        *,
        before: str | None = None,
        after: str | None = None,
        actor: str,
        reason: str = "",
        subject: UUID | None = None,
    ) -> None:
        """Queue an event about an order for its merchant."""
        self._events.append((event, order.merchant, order.id, subject, before, after, actor, reason))

    def write(self) -> None:
        """Write orders, money and events."""
        rows = list(self._changed.values())
        with self.connection.cursor() as cursor:
            if rows:
                cursor.execute(
                    statement("trade/update_orders"),
                    (
                        sql_array([row.id for row in rows]),
                        [row.state for row in rows],
                        [row.offer for row in rows],
                        [row.captured_minor for row in rows],
                        [row.subsidy_minor for row in rows],
                        [row.refunded_escrow_minor for row in rows],
                        [row.refunded_settled_minor for row in rows],
                        [row.settled_minor for row in rows],
                        [row.delivered_quantity for row in rows],
                        [row.units_refunded for row in rows],
                        [row.message for row in rows],
                        [row.delivered_at for row in rows],
                        [row.settles_at for row in rows],
                    ),
                )
            self.journal.flush(self.connection)
            if self._events:
                columns = [list(column) for column in zip(*self._events, strict=True)]
                cursor.execute(
                    statement("trade/insert_outbox"),
                    (self.at, sql_array(self.ids.many(len(self._events))), *columns),
                )
        self._changed, self._events = {}, []
