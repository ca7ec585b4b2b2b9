"""Settlement of delivered orders whose waiting time is over. Refuses orders with an open dispute."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from kamao.engine.escrow.rules import Party, settlement_shares
from kamao.engine.ledger.accounts import Account, escrow, payable, platform
from kamao.engine.pool import Connection
from kamao.engine.statements import statement
from kamao.engine.trade.desk import LockedOrder, OrderDesk
from kamao.kernel.ids import IdSource, sql_array


def due_orders(connection: Connection, *, at: datetime, limit: int) -> list[UUID]:
    """Return delivered orders whose settlement time has come, the longest waiting first."""
    with connection.cursor() as cursor:
        cursor.execute(statement("escrow/due_orders"), (at, limit))
        return [row[0] for row in cursor.fetchall()]


def parties_of(connection: Connection, orders: Iterable[UUID]) -> dict[UUID, list[Party]]:
    """Return the parties of orders by position."""
    found: dict[UUID, list[Party]] = {}
    with connection.cursor() as cursor:
        cursor.execute(statement("escrow/read_parties"), (sql_array(sorted(set(orders))),))
        for order, *rest in cursor.fetchall():
            found.setdefault(order, []).append(Party(*rest))
    return found


def share_account(party: Party | None, currency: str) -> Account:
    """Return the account that a party's share goes to; the platform's is its margin."""
    if party is None or party.organisation is None:
        return platform("income", currency, "margin")
    return payable(party.organisation, currency)


def settle(connection: Connection, orders: Sequence[UUID], *, at: datetime, ids: IdSource) -> list[str]:
    """Pay out the escrow of orders to their parties.

    Outcomes: ``settled``, ``repeated`` (settled before), ``not_due``, ``disputed``, ``not_delivered``,
    ``order_not_found``.
    """
    desk = OrderDesk(connection, at=at, ids=ids)
    desk.lock_orders(orders)
    parties = parties_of(connection, desk.orders)
    plans: dict[UUID, list[tuple[Account, int]]] = {}
    for order in desk.orders.values():
        if _refusal(order, at) is None and order.held_minor:
            shares = settlement_shares(
                parties.get(order.id, ()),
                held_minor=order.held_minor,
                units=order.quantity - order.units_refunded,
                currency=order.currency,
            )
            plans[order.id] = [(share_account(party, order.currency), amount) for party, amount in shares]
    desk.lock_accounts([account for plan in plans.values() for account, _ in plan])
    outcomes = []
    for key in orders:
        found = desk.orders.get(key)
        refused = "order_not_found" if found is None else _refusal(found, at)
        if found is None or refused is not None:
            outcomes.append(refused or "order_not_found")
            continue
        for account, amount in plans.get(key, ()):
            desk.journal.post(
                "settlement", debit=escrow(found.currency), credit=account, amount_minor=amount, order=key
            )
            found.settled_minor += amount
        desk.move(found, "settled", event="order.settled", actor="system", reason="settlement_delay_over")
        outcomes.append("settled")
    desk.write()
    return outcomes


def _refusal(order: LockedOrder, at: datetime) -> str | None:
    if order.state == "settled":
        return "repeated"
    if order.state != "delivered":
        return "not_delivered"
    if order.disputes_open:
        return "disputed"
    if order.settles_at is None or order.settles_at > at:
        return "not_due"
    return None
