"""Reading purchases: how they stand with the engine, their numbers, the goods on their way.

Refuses codes: ``delivery`` opens those, with a trace.
"""

import zlib
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import msgspec
from django.db import transaction

from kamao.business.engine_bridge import cell_connection
from kamao.business.shops import snapshots
from kamao.business.shops.checkout import cell_of_shop
from kamao.business.shops.models import Shop, ShopPurchase
from kamao.engine.trade.purchases import purchase_by_id
from kamao.engine.trade.queries import read_orders
from kamao.engine.trade.types import OrderView, PurchaseView
from kamao.kernel import ids

PREFIX: Final = "pur"


class OrderStatus(msgspec.Struct, frozen=True):
    """One order with what was promised about it."""

    line: snapshots.Line
    view: OrderView

    def due_at(self, paid_at: datetime | None) -> datetime | None:
        """Return the moment by which it was promised, None where it is instant or unpaid."""
        if paid_at is None or not self.line.promise_s:
            return None
        return paid_at + timedelta(seconds=self.line.promise_s)


class PurchaseStatus(msgspec.Struct, frozen=True):
    """A purchase as it stands."""

    purchase: PurchaseView
    orders: tuple[OrderStatus, ...]

    @property
    def state(self) -> str:
        """The one state a buyer is shown: the purchase's until it is paid, then the slowest order's."""
        if self.purchase.state != "paid":
            return self.purchase.state
        states = [order.view.state for order in self.orders]
        for slow in ("in_doubt", "cancelling", "awaiting_funds", "fulfilling", "paid"):
            if slow in states:
                return slow
        for end in ("delivered", "settled"):
            if end in states:
                return "delivered"
        return states[0] if len(set(states)) == 1 else "refunded"

    @property
    def is_moving(self) -> bool:
        """True while the page should look again by itself."""
        return self.state in {
            "awaiting_payment",
            "closing",
            "paid",
            "fulfilling",
            "in_doubt",
            "cancelling",
            "awaiting_funds",
        }

    @property
    def seen(self) -> str:
        """A short word that changes whenever something here moved; a page that saw it need not be drawn
        again.
        """
        moves = [self.purchase.state]
        moves += [
            f"{one.view.state}{one.view.delivered_quantity}.{one.view.refunded_minor}" for one in self.orders
        ]
        return f"{zlib.crc32('|'.join(moves).encode()):08x}"

    @property
    def refunded_minor(self) -> int:
        """What has gone back of this purchase."""
        return sum(order.view.refunded_minor for order in self.orders)


def number_of(purchase: ShopPurchase) -> str:
    """Return the purchase number a buyer keeps; it opens the order, so it is never listed for others."""
    return ids.encode(PREFIX, purchase.id)


def masked_number(purchase: ShopPurchase) -> str:
    """Return a purchase number whose middle is hidden."""
    number = number_of(purchase)
    return f"{number[:6]}****{number[-4:]}"


def find_purchase(shop: Shop, number: str) -> ShopPurchase | None:
    """Return the purchase of this shop under a purchase number, None where there is none."""
    identity = ids.decode(PREFIX, number)
    if identity is None:
        return None
    return ShopPurchase.objects.filter(id=identity, shop=shop).first()


def read_status(purchase: ShopPurchase) -> PurchaseStatus:
    """Return how a purchase stands, read from the engine in one short transaction."""
    lines = snapshots.read_lines(purchase.lines)
    with transaction.atomic(), cell_connection(cell_of_shop(purchase.cell)) as connection:
        view = purchase_by_id(connection, purchase.id)
        orders = read_orders(connection, [line.order for line in lines])
    assert view is not None, "a shop's purchase is placed in the same transaction"
    return PurchaseStatus(view, tuple(OrderStatus(line, orders[line.order]) for line in lines))


def read_states(purchases: list[ShopPurchase]) -> dict[UUID, str]:
    """Return the shown state of each of a few purchases."""
    return {purchase.id: read_status(purchase).state for purchase in purchases}
