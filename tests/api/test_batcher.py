"""The batcher: gathers, stays bounded, retries what is transient, and never leaves a caller without an
answer.
"""

import asyncio
import threading
import uuid

import psycopg
import pytest

from kamao.api.batcher import Batcher
from kamao.engine.trade.types import OrderRequest, SubmitResult
from kamao.kernel.errors import Refusal


def request(number, merchant):
    return OrderRequest(merchant, f"R-{number}", "sku", 1)


def outcomes(results):
    return [result.outcome for result in results]


class Engine:
    """A stand-in for the engine call that can be held up and made to fail."""

    def __init__(self, *faults):
        self.faults = list(faults)
        self.batches = []
        self.gate = threading.Event()
        self.gate.set()
        self.entered = threading.Event()

    def __call__(self, orders, decided):
        self.entered.set()
        assert self.gate.wait(10)
        self.batches.append([order.reference for order in orders])
        if self.faults:
            fault = self.faults.pop(0)
            if fault is not None:
                raise fault
        return [SubmitResult("created") for _ in orders]


def run(engine, work, **options):
    async def main():
        batcher = Batcher(lambda: engine, cell="test", lanes=1, **options)
        try:
            return await work(batcher)
        finally:
            engine.gate.set()
            await asyncio.get_running_loop().run_in_executor(None, batcher.close)

    return asyncio.run(main())


async def held(engine, batcher, merchant):
    """Occupy the lane with one order and hold it there."""
    engine.gate.clear()
    first = batcher.submit(orders=[request(0, merchant)], render=outcomes)
    await asyncio.get_running_loop().run_in_executor(None, engine.entered.wait, 10)
    return first


def test_what_arrives_while_a_lane_works_is_one_batch():
    engine, merchant = Engine(), uuid.uuid4()

    async def work(batcher):
        first = await held(engine, batcher, merchant)
        rest = [batcher.submit(orders=[request(n, merchant)], render=outcomes) for n in range(1, 6)]
        engine.gate.set()
        return await asyncio.gather(first, *rest)

    assert run(engine, work) == [["created"]] * 6
    assert engine.batches == [["R-0"], ["R-1", "R-2", "R-3", "R-4", "R-5"]]


def test_a_full_queue_refuses_at_once():
    engine, merchant = Engine(), uuid.uuid4()

    async def work(batcher):
        first = await held(engine, batcher, merchant)
        second = batcher.submit(orders=[request(1, merchant)], render=outcomes)
        with pytest.raises(Refusal, match="overloaded"):
            batcher.submit(orders=[request(2, merchant)], render=outcomes)
        engine.gate.set()
        await asyncio.gather(first, second)
        return batcher.pending

    assert run(engine, work, pending_max=2) == 0
    assert engine.batches == [["R-0"], ["R-1"]]


def test_who_waited_too_long_is_told_and_nothing_is_bought():
    engine, merchant = Engine(), uuid.uuid4()

    async def work(batcher):
        with pytest.raises(Refusal, match="overloaded"):
            await batcher.submit(orders=[request(1, merchant)], render=outcomes)

    run(engine, work, wait_max_s=-1.0)
    assert engine.batches == []


def test_transient_faults_are_retried_and_then_busy():
    deadlock = psycopg.errors.DeadlockDetected
    engine, merchant = Engine(deadlock(), deadlock()), uuid.uuid4()

    async def one(batcher):
        return await batcher.submit(orders=[request(0, merchant)], render=outcomes)

    assert run(engine, one) == ["created"]
    assert len(engine.batches) == 3
    stubborn = Engine(*[psycopg.errors.LockNotAvailable() for _ in range(9)])
    assert run(stubborn, one) == ["busy"]
    assert len(stubborn.batches) == 4


def test_a_lost_connection_is_an_unknown_outcome():
    engine, merchant = Engine(psycopg.OperationalError("the connection is lost")), uuid.uuid4()

    async def work(batcher):
        with pytest.raises(Refusal, match="overloaded"):
            await batcher.submit(orders=[request(0, merchant)], render=outcomes)

    run(engine, work)
    assert len(engine.batches) == 1


def test_one_bad_order_does_not_take_its_neighbours_down():
    engine, merchant = Engine(None, ValueError("bug"), None, ValueError("bug"), None), uuid.uuid4()

    async def work(batcher):
        first = await held(engine, batcher, merchant)
        rest = [batcher.submit(orders=[request(n, merchant)], render=outcomes) for n in range(1, 4)]
        engine.gate.set()
        return await asyncio.gather(first, *rest, return_exceptions=True)

    first, *rest = run(engine, work)
    assert first == ["created"]
    assert [each if isinstance(each, list) else each.code for each in rest] == [
        ["created"],
        "internal",
        ["created"],
    ]


def test_an_answer_that_cannot_be_made_is_an_internal_fault():
    def render(results):
        raise ValueError("bug")

    async def work(batcher):
        merchant = uuid.uuid4()
        with pytest.raises(Refusal, match="internal"):
            await batcher.submit(orders=[request(0, merchant)], render=render)

    run(Engine(), work)


def test_closing_answers_what_is_queued_and_refuses_the_rest():
    engine, merchant = Engine(), uuid.uuid4()

    async def work(batcher):
        first = await held(engine, batcher, merchant)
        second = batcher.submit(orders=[request(1, merchant)], render=outcomes)
        engine.gate.set()
        await asyncio.get_running_loop().run_in_executor(None, batcher.close)
        with pytest.raises(Refusal, match="overloaded"):
            batcher.submit(orders=[request(2, merchant)], render=outcomes)
        return await asyncio.gather(first, second)

    assert run(engine, work) == [["created"], ["created"]]


def test_a_lane_goes_on_after_a_rolled_back_batch(api, world, merchant):
    """A rollback throws the connection's prepared statements away; the next batch must not stumble over
    that.
    """
    goods = world.goods(codes=2)
    for number in range(2):
        body = {"sku": goods.code, "quantity": 1, "reference": f"RB-{number}"}
        assert api.post("/orders", key=merchant.key, json=body).status_code == 201
        with pytest.raises(ZeroDivisionError), world.cell().pool.transaction():
            1 / 0  # noqa: B018
        world.fund(merchant.id, 1)
