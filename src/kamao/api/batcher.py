"""The batcher: gathers concurrent orders and runs them as one engine call. Per process and cell; bounded.

Owns the lanes (threads with a connection each) and the retries of transient faults. There is no artificial
delay: a lane takes whatever has arrived while the others were busy. Lanes take turns: one decides while
another's writes are on their way and a third renders answers, so that the database and this process work at
the same time without halving the batches. Correctness rests on the database's locks alone, because other
processes have turns of their own. Refuses new work when its queue is full or the wait is too long: the caller
answers 503 and nothing was bought.
"""

import asyncio
import logging
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from queue import SimpleQueue
from typing import Any, Final, TypeVar

import psycopg
from prometheus_client import Counter

from kamao.api.jobs import Job, count, resolve
from kamao.engine.trade.memory import Turn
from kamao.engine.trade.submit import TRANSIENT
from kamao.engine.trade.types import OrderRequest, SubmitResult
from kamao.kernel.errors import Refusal

T = TypeVar("T")
Run = Callable[[Sequence[OrderRequest], Turn], Sequence[SubmitResult]]

LANES: Final = 2
GATHERED_MAX: Final = 256
CHUNK_MAX: Final = 512
PENDING_MAX: Final = 8_192
WAIT_MAX_S: Final = 5.0
ATTEMPTS_MAX: Final = 4
_RETRY_PAUSES_S: Final = (0.002, 0.01, 0.05)

_BUSY: Final = SubmitResult("busy")

_log = logging.getLogger("kamao.api.batcher")
_retries = Counter(
    "kamao_batch_retries_total", "Batches run again after a transient fault", ["cell", "fault"]
)


class Batcher:
    """The lanes of one cell in one process.

    ``make_run`` is called once per lane; what it returns executes and commits a batch, and gives the lane's
    turn when its decisions are made.
    """

    def __init__(
        self,
        make_run: Callable[[], Run],
        *,
        cell: str,
        lanes: int = LANES,
        pending_max: int = PENDING_MAX,
        wait_max_s: float = WAIT_MAX_S,
    ) -> None:
        self._pending = 0
        self._pending_max = pending_max
        self._closed = False
        self._queue: SimpleQueue[Job | None] = SimpleQueue()
        self.turn = threading.Lock()
        """Held by whoever decides with the cell's shared tools."""
        gathering = threading.Lock()
        self._lanes = [
            _Lane(
                self,
                make_run(),
                queue=self._queue,
                gathering=gathering,
                name=f"orders-{cell}-{number}",
                cell=cell,
                wait_max_s=wait_max_s,
            )
            for number in range(lanes)
        ]
        for lane in self._lanes:
            lane.start()

    @property
    def pending(self) -> int:
        """Orders accepted and not yet answered."""
        return self._pending

    def submit(
        self, *, orders: list[OrderRequest], render: Callable[[Sequence[SubmitResult]], T]
    ) -> "asyncio.Future[T]":
        """Queue orders; the future gives what ``render`` makes of their results.

        Call on an event loop. Raises Refusal ``overloaded`` at once when the queue is full or closed; the
        future raises it when the orders waited too long, or when the connection was lost and the outcome is
        unknown.
        """
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        self.adopt([self.accept(orders=orders, render=render, deliver=partial(resolve, future), loop=loop)])
        return future

    def accept(
        self,
        *,
        orders: list[OrderRequest],
        render: Callable[[Sequence[SubmitResult]], Any],
        deliver: Callable[[Any], None],
        loop: asyncio.AbstractEventLoop,
    ) -> Job:
        """Count orders as pending and return their job, which somebody must ``adopt`` or ``settle``:
        ``deliver`` is called on the loop with what ``render`` made, or with an exception. Raises Refusal
        ``overloaded``.
        """
        if self._closed or self._pending + len(orders) > self._pending_max:
            raise Refusal("overloaded")
        self._pending += len(orders)
        return Job(orders, render, deliver, loop, time.monotonic())

    def adopt(self, jobs: Iterable[Job]) -> None:
        """Let the lanes do accepted jobs."""
        for job in jobs:
            self._queue.put(job)

    def settle(self, answered: list[tuple[Job, Any]]) -> None:
        """Deliver the answers of a finished batch; runs on the event loop, once per batch."""
        for job, answer in answered:
            self._pending -= len(job.orders)
            job.hand_over(answer)

    def close(self) -> None:
        """Finish what is queued and end the lanes; new orders are refused from here on."""
        self._closed = True
        for _ in self._lanes:
            self._queue.put(None)
        for lane in self._lanes:
            lane.join()


class _Turn:
    """A lane's hold on the turn (``engine.trade.memory.Turn``); taking or giving it twice does it once."""

    def __init__(self, lock: threading.Lock) -> None:
        self._lock = lock
        self._held = False

    def take(self) -> None:
        """Wait for the turn."""
        if not self._held:
            self._lock.acquire()
            self._held = True

    def give(self) -> None:
        """Let the next lane begin."""
        if self._held:
            self._held = False
            self._lock.release()


class _Lane(threading.Thread):
    """One thread that runs batches one after another."""

    def __init__(
        self, owner: Batcher, run: Run, *, queue: "SimpleQueue[Job | None]",
        gathering: threading.Lock, name: str, cell: str, wait_max_s: float,
    ) -> None:  # fmt: skip
        super().__init__(name=name, daemon=True)
        self._queue = queue
        self._turn = _Turn(owner.turn)
        self._gathering = gathering
        self._owner = owner
        self._run = run
        self._cell = cell
        self._wait_max_s = wait_max_s

    def run(self) -> None:
        """Take, run, answer, until told to stop."""
        stopping = False
        while not stopping:
            try:
                jobs, stopping = self._gather()
                if jobs:
                    self._work(jobs)
            finally:
                self._turn.give()

    def _gather(self) -> tuple[list[Job], bool]:
        """Wait for one job and for the turn, then take what else has arrived, up to a batch."""
        with self._gathering:
            first = self._queue.get()
            if first is None:
                return [], True
            # Not before: a lane that waits for orders must not keep the others from deciding theirs.
            self._turn.take()
            return self._drain(first)

    def _drain(self, first: Job) -> tuple[list[Job], bool]:
        queue = self._queue
        jobs = [first]
        count = len(first.orders)
        # Whoever gathers is the only reader, so that many jobs are there for sure.
        for _ in range(queue.qsize()):
            if count >= GATHERED_MAX:
                break
            job = queue.get()
            if job is None:
                return jobs, True
            jobs.append(job)
            count += len(job.orders)
        return jobs, False

    def _work(self, jobs: list[Job]) -> None:
        oldest_allowed = time.monotonic() - self._wait_max_s
        answered: list[tuple[Job, Any]] = []
        fresh = []
        for job in jobs:
            if job.queued_at < oldest_allowed:
                answered.append((job, Refusal("overloaded")))
            else:
                fresh.append(job)
        if fresh:
            answered += self._answers(fresh)
        by_loop: dict[asyncio.AbstractEventLoop, list[tuple[Job, Any]]] = {}
        for job, answer in answered:
            by_loop.setdefault(job.loop, []).append((job, answer))
        for loop, part in by_loop.items():
            try:
                loop.call_soon_threadsafe(self._owner.settle, part)
            except RuntimeError:
                _log.warning("an event loop ended before %d answers reached it", len(part))

    def _answers(self, jobs: list[Job]) -> list[tuple[Job, Any]]:
        orders = jobs[0].orders if len(jobs) == 1 else [order for job in jobs for order in job.orders]
        try:
            results: list[SubmitResult] = []
            for start in range(0, len(orders), CHUNK_MAX):
                results += self._attempt(orders[start : start + CHUNK_MAX])
        except psycopg.OperationalError as error:
            # The connection died, perhaps during the commit: the outcome is unknown, the caller repeats the
            # reference.
            _log.warning("a batch of %d orders lost its database: %s", len(orders), type(error).__name__)
            return [(job, Refusal("overloaded")) for job in jobs]
        except Exception:  # noqa: BLE001  isolation point: a fault must reach each of the lane's many callers
            _log.exception("a batch of %d orders failed", len(orders))
            return [self._alone(job) for job in jobs] if len(jobs) > 1 else [(jobs[0], Refusal("internal"))]
        answered: list[tuple[Job, Any]] = []
        at = 0
        for job in jobs:
            end = at + len(job.orders)
            answered.append((job, job.rendered(results[at:end])))
            at = end
        return answered

    def _alone(self, job: Job) -> tuple[Job, Any]:
        """Run one job of a failed batch by itself, so that its neighbours do not suffer for it."""
        return self._answers([job])[0]

    def _attempt(self, orders: list[OrderRequest]) -> Sequence[SubmitResult]:
        """Run a batch, again after a deadlock or a lock that did not come; then every order is ``busy``."""
        started = time.perf_counter()
        for attempt in range(ATTEMPTS_MAX):
            try:
                results = self._run(orders, self._turn)
            except TRANSIENT as error:
                _retries.labels(self._cell, type(error).__name__).inc()
                self._turn.give()
                if attempt < len(_RETRY_PAUSES_S):
                    time.sleep(_RETRY_PAUSES_S[attempt])
            else:
                count(results, cell=self._cell, seconds=time.perf_counter() - started)
                return results
        busy = [_BUSY] * len(orders)
        count(busy, cell=self._cell, seconds=time.perf_counter() - started)
        return busy
