"""Supply by hand: open attempts, success (whole or in part), failure with the next offer or the money back.

Refuses an answer to an attempt that is closed, and another supplier's attempts.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from kamao.engine.burst import Burst
from kamao.engine.pool import Connection
from kamao.engine.statements import statement
from kamao.engine.stock.opening import plain_bytes
from kamao.engine.stock.types import NewCode
from kamao.engine.trade import leaves
from kamao.engine.trade.desk import LockedOrder, OrderDesk
from kamao.engine.trade.private import open_private
from kamao.engine.trade.refunds import RefundDesk, give_back
from kamao.engine.trade.rules import opening_place
from kamao.engine.trade.supplying import Attempt, plan_attempts
from kamao.engine.trade.tools import TradeTools
from kamao.engine.trade.types import Change, FulfilmentAnswer, FulfilmentView, Receipt
from kamao.kernel.ids import sql_array
from kamao.kernel.sealing import SALT_BYTES, Keyring

_OPEN = ("planned", "sent", "in_doubt")


def open_fulfilments(
    connection: Connection, supplier: UUID, *, limit: int, after: UUID | None = None
) -> list[FulfilmentView]:
    """Return what a supplier has to supply by hand, the oldest first."""
    with connection.cursor() as cursor:
        cursor.execute(statement("trade/open_fulfilments"), (supplier, after, after, limit))
        return [FulfilmentView(*row) for row in cursor.fetchall()]


def open_target(keyring: Keyring, view: FulfilmentView) -> bytes | None:
    """Open the target's JSON bytes of an attempt for its supplier; None where the order has no target."""
    if view.wrapped_key is None or view.sealed is None:
        return None
    return open_private(keyring, view.order, view.wrapped_key, view.sealed)[1]


def answer(
    connection: Connection, answers: Sequence[FulfilmentAnswer], *, at: datetime, tools: TradeTools
) -> list[Change]:
    """Take suppliers' answers.

    Outcomes in precedence order: ``fulfilment_not_found``, ``repeated`` (the same answer again),
    ``state_conflict``, ``invalid`` (no receipts, or more than ordered), ``done``.
    """
    desk = OrderDesk(connection, at=at, ids=tools.ids)
    wanted = sql_array([item.attempt for item in answers])
    with connection.cursor() as cursor:
        cursor.execute(statement("trade/read_attempts"), (wanted,))
        owners = {row[0]: row for row in cursor.fetchall()}
        desk.lock_orders([row[1] for row in owners.values()])
        # Read again under the orders' locks: an answer that came first has closed its attempt by now.
        cursor.execute(statement("trade/read_attempts"), (wanted,))
        attempts = {row[0]: list(row) for row in cursor.fetchall()}
    refunds = RefundDesk(desk)
    refunds.prepare()
    results = []
    for item in answers:
        row = attempts.get(item.attempt)
        if row is None or row[2] != item.supplier:
            results.append(Change("fulfilment_not_found"))
            continue
        results.append(_answer_one(connection, desk, refunds, row, item, tools))
    desk.write()
    refunds.write()
    return results


def _answer_one(
    connection: Connection,
    desk: OrderDesk,
    refunds: RefundDesk,
    attempt: list[Any],
    item: FulfilmentAnswer,
    tools: TradeTools,
) -> Change:
    order = desk.orders[attempt[1]]
    says = "failed" if item.failure is not None else "succeeded"
    if attempt[3] not in _OPEN:
        return Change("repeated" if attempt[3] == says else "state_conflict", order.state)
    if item.failure is None and not 0 < len(item.receipts) <= order.quantity - order.units_refunded:
        return Change("invalid", order.state)
    attempt[3] = says
    with connection.cursor() as cursor:
        cursor.execute(
            statement("trade/close_attempt"), (says, item.upstream_no, item.failure, desk.at, item.attempt)
        )
    if order.state == "paid":
        desk.move(order, "fulfilling", event="order.fulfilling", actor="supplier")
    if item.failure is not None:
        if not _next_offer(connection, order, desk, tools):
            order.message = item.failure[:200]
            give_back(refunds, desk, order, "failed", actor="supplier", reason=item.failure)
        return Change("done", order.state)
    _deliver(connection, desk, order, item.receipts, delay_s=attempt[4], tools=tools)
    missing = order.quantity - order.units_refunded - len(item.receipts)
    if missing:
        refunds.refund(order, missing, refund=desk.ids.new(), actor="supplier", reason="partly_delivered")
    return Change("done", order.state)


def _next_offer(connection: Connection, order: LockedOrder, desk: OrderDesk, tools: TradeTools) -> bool:
    """Plan an attempt with the next offer by hand that has not been tried and costs no more than the order
    pays.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            statement("trade/next_offer"), (desk.at, order.id, order.sku, desk.at, order.unit_price_e4)
        )
        row = cursor.fetchone()
        if row is None:
            return False
        offer, supplier, cost_e4, position, fulfilment = row
        cursor.execute(statement("trade/insert_next_supplier"), (order.id, position, supplier, cost_e4))
    attempt = Attempt(order.id, offer, supplier, fulfilment, position)
    burst = Burst(connection)
    plan_attempts(burst, [attempt], at=desk.at, source=tools.ids)
    burst.send()
    order.offer = offer
    desk.changed(order)
    return True


def _deliver(
    connection: Connection,
    desk: OrderDesk,
    order: LockedOrder,
    receipts: Sequence[Receipt],
    *,
    delay_s: int,
    tools: TradeTools,
) -> None:
    """Write deliveries whose content is sealed under a key of its own, and take the order to
    ``delivered``.
    """
    items = tools.ids.many(len(receipts))
    keys, sealed, openings, made = [], [], [], []
    for item, receipt in zip(items, receipts, strict=True):
        wrapped, key = tools.keyring.new_data_key(item)
        salt = tools.keyring.random(SALT_BYTES)
        keys.append(wrapped)
        sealed.append(key.seal(item, plain_bytes(NewCode(receipt.number, receipt.secret))))
        openings.append(key.seal(opening_place(order.id, item), salt))
        made.append(leaves.leaf(leaves.DELIVERED, salt=salt, item=item, order=order.id, at=desk.at))
    with connection.cursor() as cursor:
        cursor.execute(
            statement("trade/insert_deliveries"),
            (
                desk.at,
                sql_array([order.id] * len(items)),
                sql_array(items),
                [receipt.kind for receipt in receipts],
                keys,
                sealed,
                openings,
            ),
        )
        cursor.execute(statement("trade/insert_leaves"), (sql_array(tools.ids.many(len(made))), made))
    order.delivered_quantity += len(receipts)
    order.delivered_at = desk.at
    order.settles_at = desk.at + timedelta(seconds=delay_s)
    desk.move(order, "delivered", event="order.delivered", actor="supplier")
