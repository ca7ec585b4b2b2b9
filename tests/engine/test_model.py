"""A stateful model of the engine: it computes what must be from requests and answers alone, never by asking
the engine.

The model keeps wallets, stock and orders in plain dictionaries, decides what each act must answer, and at the
end, after a final phase that resolves every open order, compares money derived from the postings and codes
derived from the rows.
"""

from typing import Any
from uuid import UUID

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from kamao.engine.escrow.operations import settle
from kamao.engine.ledger.accounts import escrow, payable, platform, wallet
from kamao.engine.trade.fulfilment import answer, open_fulfilments
from kamao.engine.trade.refunds import cancel, refund
from kamao.engine.trade.types import (
    CancelRequest,
    FulfilmentAnswer,
    OrderRequest,
    OrderView,
    Receipt,
    RefundRequest,
)
from tests.engine.world import World, assert_books_clean

COST_E4 = {"a": 70_010, "b": 33_333, "t": 50_000}
PRICE_E4 = {"a": 99_950, "b": 33_337, "t": 61_111}


def amount_of(goods: str, quantity: int) -> int:
    """What the model says an order costs: quantity × rate, half up."""
    return (PRICE_E4[goods] * quantity + 50) // 100


class Expected:
    """What the model believes of one order."""

    def __init__(self, merchant: int, goods: str, quantity: int, view: OrderView) -> None:
        self.merchant = merchant
        self.goods = goods
        self.quantity = quantity
        self.id = view.id
        self.amount = amount_of(goods, quantity)
        self.state = "paid" if goods == "t" else "delivered"
        self.units_refunded = 0
        self.settled = False


class Engine(RuleBasedStateMachine):
    """Random acts against the engine and the model together."""

    world: World
    conninfo: str

    @initialize()
    def begin(self) -> None:
        """Three merchants, two SKUs of codes, one by hand."""
        world = type(self).world
        self.number = 0
        self.merchants = [world.merchant() for _ in range(3)]
        self.wallets = [0, 0, 0]
        # A supplier and a margin of this run's own: accounts live longer than one run.
        self.supplier_before = world.balance(payable(world.supplier))
        self.margin_before = world.balance(platform("income", "CNY", "margin"))
        self.escrow_before = world.balance(escrow())
        self.names = {
            goods: world.sku(
                cost_e4=COST_E4[goods], price_e4=PRICE_E4[goods], kind="topup" if goods == "t" else "code"
            )
            for goods in COST_E4
        }
        self.stock: dict[str, list[str]] = {"a": [], "b": []}
        self.handed: list[str] = []
        self.orders: dict[tuple[int, str], Expected] = {}
        self.supplier = 0
        self.margin = 0

    def fresh(self) -> str:
        """A text never used before in this database."""
        self.number += 1
        return f"{type(self).world.ids.new().hex}"

    @rule(merchant=st.integers(0, 2), money=st.integers(1, 20_000))
    def top_up(self, merchant: int, money: int) -> None:
        """Money in."""
        type(self).world.top_up(self.merchants[merchant], money)
        self.wallets[merchant] += money

    @rule(goods=st.sampled_from("ab"), count=st.integers(1, 6))
    def import_codes(self, goods: str, count: int) -> None:
        """Goods in; the same secret a second time is refused."""
        secrets = [self.fresh() for _ in range(count)]
        outcomes = type(self).world.stock(self.names[goods], [*secrets, secrets[0]])
        assert outcomes == ["imported"] * count + ["duplicate"]
        self.stock[goods] += secrets

    @rule(
        items=st.lists(
            st.tuples(
                st.integers(0, 2),
                st.sampled_from("abt"),
                st.integers(1, 4),
                st.integers(0, 12),
                st.booleans(),
            ),
            min_size=1,
            max_size=12,
        )
    )
    def submit(self, items: list[tuple[int, str, int, int, bool]]) -> None:
        """A batch with few references, so that repeats and conflicts happen, some with a price limit just too
        low.
        """
        world = type(self).world
        requests = [
            OrderRequest(
                self.merchants[merchant], f"ref-{reference}", self.names[goods], quantity,
                max_amount_minor=amount_of(goods, quantity) - 1 if too_low else None,
            )
            for merchant, goods, quantity, reference, too_low in items
        ]  # fmt: skip
        results = world.submit(*requests)
        for item, result in zip(items, results, strict=True):
            expected = self.decide(item)
            assert result.outcome == expected, (item, result.outcome, expected)
            if result.outcome == "created":
                assert result.order is not None
                self.book(item, result.order)
            elif result.outcome == "repeated":
                assert result.order is not None
                assert result.order.id == self.orders[item[0], f"ref-{item[3]}"].id

    def decide(self, item: tuple[int, str, int, int, bool]) -> str:
        """What the model says must happen to one item now."""
        merchant, goods, quantity, reference, too_low = item
        known = self.orders.get((merchant, f"ref-{reference}"))
        if known is not None:
            same = (known.goods, known.quantity, too_low) == (goods, quantity, False)
            return "repeated" if same else "reference_conflict"
        if too_low:
            return "price_above_limit"
        if self.wallets[merchant] < amount_of(goods, quantity):
            return "insufficient_balance"
        if goods != "t" and len(self.stock[goods]) < quantity:
            return "out_of_stock"
        return "created"

    def book(self, item: tuple[int, str, int, int, bool], view: OrderView) -> None:
        """Take the accepted order into the model and check goods and price in the answer."""
        merchant, goods, quantity, reference, _ = item
        order = Expected(merchant, goods, quantity, view)
        assert view.amount_minor == order.amount
        if goods != "t":
            secrets = type(self).world.secrets(view)
            assert secrets == self.stock[goods][:quantity]
            del self.stock[goods][:quantity]
            self.handed += secrets
        self.wallets[merchant] -= order.amount
        self.orders[merchant, f"ref-{reference}"] = order

    def some(self, pick: int, *states: str) -> Expected | None:
        """One of the orders in these states, chosen by a number."""
        found = [order for order in self.orders.values() if order.state in states]
        return found[pick % len(found)] if found else None

    @rule(pick=st.integers(0, 99), units=st.integers(1, 3))
    def refund_units(self, pick: int, units: int) -> None:
        """Refund some units of an order that still waits for settlement or was delivered."""
        order = self.some(pick, "paid", "delivered")
        if order is None or order.settled:
            return
        world = type(self).world
        request = RefundRequest(world.ids.new(), order.id, "model", "model", units)
        change = refund(world.connection, [request], at=world.at, ids=world.ids)[0]
        world.connection.commit()
        if units > order.quantity - order.units_refunded:
            assert change.outcome == "invalid_units"
            return
        assert (change.outcome, change.amount_minor) == ("done", self.give(order, units))

    def give(self, order: Expected, units: int) -> int:
        """Refund units in the model and return their money."""
        before = order.amount * order.units_refunded // order.quantity
        order.units_refunded += units
        money = order.amount * order.units_refunded // order.quantity - before
        self.wallets[order.merchant] += money
        if order.units_refunded == order.quantity:
            order.state = "refunded"
        return money

    @rule(pick=st.integers(0, 99))
    def cancel_order(self, pick: int) -> None:
        """Cancel an order that nobody supplies yet."""
        order = self.some(pick, "paid", "delivered")
        if order is None:
            return
        world = type(self).world
        request = CancelRequest(self.merchants[order.merchant], order.id, "model", "model")
        change = cancel(world.connection, [request], at=world.at, ids=world.ids)[0]
        world.connection.commit()
        if order.state != "paid":
            assert change.outcome == "state_conflict"
            return
        money = self.give(order, order.quantity - order.units_refunded)
        order.state = "cancelled"
        assert (change.outcome, change.amount_minor) == ("done", money)

    @precondition(lambda self: any(order.state == "paid" for order in self.orders.values()))
    @rule(pick=st.integers(0, 99), supplied=st.integers(0, 4))
    def supply(self, pick: int, supplied: int) -> None:
        """The supplier answers one order by hand: some units, all, or a failure (0)."""
        order = self.some(pick, "paid")
        assert order is not None
        self.answer(order, supplied)

    def answer(self, order: Expected, supplied: int) -> None:
        """Answer an attempt and take its consequences into the model."""
        world = type(self).world
        tasks = open_fulfilments(world.connection, world.supplier, limit=1_000)
        task = next(each for each in tasks if each.order == order.id)
        left = order.quantity - order.units_refunded
        given = min(supplied, left)
        reply = FulfilmentAnswer(
            task.id,
            world.supplier,
            tuple(Receipt(self.fresh()) for _ in range(given)),
            failure=None if given else "no",
        )
        change = answer(world.connection, [reply], at=world.at, tools=world.tools)[0]
        world.connection.commit()
        assert change.outcome == "done"
        if given < left:
            self.give(order, left - given)
        order.state = "delivered" if given else "failed"
        assert change.state == order.state

    @rule(hours=st.integers(0, 2))
    def time_passes(self, hours: int) -> None:
        """Let time pass and settle what is due by the model's own count."""
        type(self).world.later(hours=hours)

    @rule(pick=st.integers(0, 99))
    def settle_order(self, pick: int) -> None:
        """Settle a delivered order after its waiting time."""
        order = self.some(pick, "delivered")
        if order is not None and not order.settled:
            type(self).world.later(hours=2)
            self.settle(order)

    def settle(self, order: Expected) -> None:
        """Settle one order and take its shares into the model."""
        world = type(self).world
        assert settle(world.connection, [order.id], at=world.at, ids=world.ids) == ["settled"]
        world.connection.commit()
        units = order.quantity - order.units_refunded
        held = order.amount - order.amount * order.units_refunded // order.quantity
        share = min((COST_E4[order.goods] * units + 50) // 100, held)
        self.supplier += share
        self.margin += held - share
        order.settled = True
        order.state = "settled"

    @invariant()
    def wallets_are_right(self) -> None:
        """Money of each wallet as the model has it, derived from the postings by the test's own SQL."""
        if not hasattr(self, "merchants"):
            return
        world = type(self).world
        assert [world.balance(wallet(merchant)) for merchant in self.merchants] == self.wallets

    def teardown(self) -> None:
        """The final phase: every open order is resolved, then everything is compared."""
        if not hasattr(self, "orders"):
            return
        world = type(self).world
        for order in list(self.orders.values()):
            if order.state == "paid":
                self.answer(order, 4)
        world.later(hours=3)
        for order in list(self.orders.values()):
            if order.state == "delivered":
                self.settle(order)
        self.wallets_are_right()
        assert world.balance(payable(world.supplier)) - self.supplier_before == self.supplier
        assert world.balance(platform("income", "CNY", "margin")) - self.margin_before == self.margin
        assert world.balance(escrow()) == self.escrow_before
        assert len(set(self.handed)) == len(self.handed)
        ids: list[UUID] = [order.id for order in self.orders.values()]
        rows: list[Any] = world.connection.execute(
            "SELECT id, state, units_refunded FROM trade_order WHERE id = ANY (%s)", (ids,)
        ).fetchall()
        world.connection.commit()
        stored = {row[0]: (row[1], row[2]) for row in rows}
        assert stored == {order.id: (order.state, order.units_refunded) for order in self.orders.values()}


@pytest.mark.timeout(180)
def test_the_engine_does_what_the_model_says(world: World, conninfo: str) -> None:
    class Bound(Engine):
        pass

    Bound.world, Bound.conninfo = world, conninfo
    run_state_machine_as_test(  # type: ignore[no-untyped-call]
        Bound,
        settings=settings(
            max_examples=25, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck),
            derandomize=True, database=None,
        ),
    )  # fmt: skip
    world.connection.rollback()
    assert_books_clean(conninfo)
