"""Real threads on real connections: the last codes, one wallet, one reference, the two sides of an expiring
purchase.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any
from uuid import UUID

import psycopg
import pytest

from kamao.engine.cells import LIVE
from kamao.engine.ledger.accounts import wallet
from kamao.engine.pool import connect
from kamao.engine.stock.opening import open_delivery
from kamao.engine.trade.payments import apply_payments
from kamao.engine.trade.purchases import end_purchases, place_purchases
from kamao.engine.trade.submit import submit, submit_within
from kamao.engine.trade.tools import TradeTools
from kamao.engine.trade.types import (
    OrderRequest,
    PaymentArrived,
    PurchaseLine,
    PurchaseRequest,
    ReservationLimits,
    SubmitResult,
)
from kamao.kernel.ids import RandomIds
from tests.engine.world import World

THREADS = 8
TRANSIENT = (psycopg.errors.DeadlockDetected, psycopg.errors.LockNotAvailable)


class Buyer:
    """One thread's connection and tools; retries what the owner of a transaction must retry."""

    def __init__(self, world: World, conninfo: str) -> None:
        self.world = world
        self.connection = connect(conninfo, LIVE)
        self.tools = TradeTools(ids=RandomIds(), keyring=world.keyring)

    def submit(self, requests: list[OrderRequest]) -> list[SubmitResult]:
        """Place a batch until it is decided."""
        while True:
            try:
                return submit(self.connection, requests, at=self.world.at, tools=self.tools)
            except TRANSIENT:
                self.connection.rollback()


def together(world: World, conninfo: str, work: Callable[[Buyer, int], Any]) -> list[Any]:
    """Run the same work in every thread from one starting signal."""
    barrier = Barrier(THREADS)
    buyers = [Buyer(world, conninfo) for _ in range(THREADS)]

    def run(number: int) -> Any:
        barrier.wait(10)
        return work(buyers[number], number)

    with ThreadPoolExecutor(THREADS) as threads:
        results = list(threads.map(run, range(THREADS)))
    for buyer in buyers:
        buyer.connection.close()
    return results


@pytest.mark.parametrize("batch", [1, 7])
def test_the_last_codes_are_sold_once_each(world: World, conninfo: str, batch: int) -> None:
    codes = [f"race-{batch}-code-{n:04}" for n in range(100)]
    sku = world.sku(price_e4=100_000, codes=codes)
    merchants = [world.merchant(20_000) for _ in range(THREADS)]

    def work(buyer: Buyer, number: int) -> list[SubmitResult]:
        results = []
        for start in range(0, 28, batch):
            results += buyer.submit(
                [OrderRequest(merchants[number], f"r{start + n}", sku, 1) for n in range(batch)]
            )
        return results

    results = [result for part in together(world, conninfo, work) for result in part]
    sold = [
        open_delivery(world.keyring, delivered).secret
        for result in results
        if result.order
        for delivered in result.order.deliveries
    ]
    assert sorted(sold) == codes
    assert {result.outcome for result in results} == {"created", "out_of_stock", "insufficient_balance"} - (
        set()
        if sum(result.outcome == "insufficient_balance" for result in results)
        else {"insufficient_balance"}
    )
    spent = sum(20_000 - world.balance(wallet(merchant)) for merchant in merchants)
    assert spent == 100 * 1_000


def test_one_reference_from_many_threads_is_one_order(world: World, conninfo: str) -> None:
    sku = world.sku(price_e4=100_000, codes=[f"ref-code-{n:04}" for n in range(THREADS)])
    merchant = world.merchant(100_000)
    results = together(
        world, conninfo, lambda buyer, _: buyer.submit([OrderRequest(merchant, "same", sku, 1)])[0]
    )
    assert sorted(result.outcome for result in results) == ["created"] + ["repeated"] * (THREADS - 1)
    assert len({result.order.id for result in results}) == 1
    assert world.balance(wallet(merchant)) == 99_000


def overtaken(world: World, conninfo: str, first: OrderRequest, second: OrderRequest) -> SubmitResult:
    """Place an order while another, decided before, is not committed yet; it commits once the later one waits
    for it.
    """
    early, late = Buyer(world, conninfo), Buyer(world, conninfo)
    placed = submit_within(early.connection, [first], at=world.at, tools=early.tools)
    assert [result.outcome for result in placed] == ["created"]
    with ThreadPoolExecutor(1) as thread:
        answer = thread.submit(late.submit, [second])
        backend = late.connection.info.backend_pid
        while not blocked(world, backend):
            assert not answer.done()
        early.connection.commit()
        result = answer.result(20)[0]
    early.connection.close()
    late.connection.close()
    return result


def blocked(world: World, backend: int) -> bool:
    row = world.connection.execute("SELECT cardinality(pg_blocking_pids(%s))", (backend,)).fetchone()
    world.connection.commit()
    return bool(row[0])


def test_a_balance_that_was_spent_meanwhile_is_refused_and_not_overdrawn(world: World, conninfo: str) -> None:
    sku = world.sku(price_e4=100_000, codes=[f"late-code-{n:04}" for n in range(4)])
    merchant = world.merchant(1_500)
    early, late = (OrderRequest(merchant, f"{name}", sku, 1) for name in ("early", "late"))
    assert overtaken(world, conninfo, early, late).outcome == "insufficient_balance"
    assert world.balance(wallet(merchant)) == 500


def test_a_balance_that_changed_meanwhile_and_still_suffices_is_numbered_after_it(
    world: World, conninfo: str
) -> None:
    sku = world.sku(price_e4=100_000, codes=[f"both-code-{n:04}" for n in range(4)])
    merchant = world.merchant(2_500)
    early, late = (OrderRequest(merchant, f"{name}", sku, 1) for name in ("early", "late"))
    assert overtaken(world, conninfo, early, late).outcome == "created"
    rows = world.connection.execute(
        "SELECT o.reference, p.debit_entry_no, p.debit_balance FROM ledger_posting AS p"
        " JOIN trade_order AS o ON o.id = p.order_id WHERE p.debit = %s ORDER BY p.debit_entry_no",
        (wallet(merchant).id,),
    ).fetchall()
    assert rows == [("early", 2, 1_500), ("late", 3, 500)]


def test_a_reference_that_was_taken_meanwhile_gives_the_first_order(world: World, conninfo: str) -> None:
    sku = world.sku(price_e4=100_000, codes=[f"twin-code-{n:04}" for n in range(4)])
    merchant = world.merchant(10_000)
    again = OrderRequest(merchant, "same", sku, 1)
    assert overtaken(world, conninfo, again, again).outcome == "repeated"
    assert world.balance(wallet(merchant)) == 9_000


def test_one_wallet_is_never_overdrawn(world: World, conninfo: str) -> None:
    sku = world.sku(price_e4=100_000, codes=[f"dry-code-{n:04}" for n in range(64)])
    merchant = world.merchant(10_000)
    results = together(
        world,
        conninfo,
        lambda buyer, number: buyer.submit(
            [OrderRequest(merchant, f"{number}-{n}", sku, 1) for n in range(4)]
        ),
    )
    outcomes = [result.outcome for part in results for result in part]
    assert (outcomes.count("created"), outcomes.count("insufficient_balance")) == (10, 22)
    assert world.balance(wallet(merchant)) == 0


def test_payment_and_expiry_race_for_one_purchase(world: World, conninfo: str) -> None:
    merchant = world.merchant()
    sku = world.sku(price_e4=100_000, codes=[f"expiry-code-{n:03}" for n in range(THREADS)])
    placed = []
    for number in range(THREADS):
        request = PurchaseRequest(
            merchant, f"p{number}", (PurchaseLine(sku, 1, 1_000, 100_000),), world.at + timedelta(minutes=1)
        )
        placed += place_purchases(
            world.connection,
            [request],
            at=world.at,
            tools=world.tools,
            limits=ReservationLimits(None, None, None),
        )
    world.connection.commit()
    purchases: list[UUID] = [item.purchase for item in placed if item.purchase]

    def work(buyer: Buyer, number: int) -> list[str]:
        told = []
        for place, purchase in enumerate(purchases):
            if (place + number) % 2:
                payment = PaymentArrived("sandbox", f"n{place}", purchase, 1_000, "CNY", world.at)
                told.append(
                    apply_payments(buyer.connection, [payment], at=world.at, tools=buyer.tools)[0].outcome
                )
            else:
                told += end_purchases(
                    buyer.connection,
                    [purchase],
                    state="expired",
                    actor="system",
                    at=world.at,
                    ids=buyer.tools.ids,
                )
            buyer.connection.commit()
        return told

    together(world, conninfo, work)
    rows = world.connection.execute(
        "SELECT p.state, count(*) FILTER (WHERE c.state = 'sold'),"
        " count(*) FILTER (WHERE c.state = 'reserved')"
        " FROM trade_purchase p JOIN trade_order o ON o.purchase = p.id"
        " LEFT JOIN stock_code c ON c.holder = o.id"
        " GROUP BY p.id"
    ).fetchall()
    world.connection.commit()
    assert len(rows) == THREADS
    assert {(state, sold, reserved) for state, sold, reserved in rows} <= {("paid", 1, 0), ("expired", 0, 0)}
