"""The batcher: gathers concurrent orders and runs them as one engine call. Per process and cell; bounded.

Owns the lanes (threads with a connection each) and the retries of transient faults. There is no artificial
delay: a lane takes whatever has arrived while it was busy. One lane takes everything, because few large
batches cost a quarter less than many small ones and do not fight for wallets; the others are called in only
while that one is stuck behind a lock. Correctness rests on the database's locks alone: there may be other
processes. Refuses new work when its queue is full or the wait is too long: the caller answers
503 and nothing was bought.
"""

import asyncio
import logging
import threading
import time
from collections.abc import Callable, Sequence
from queue import Empty, SimpleQueue
from typing import Any, Final, TypeVar

import msgspec
import psycopg
from prometheus_client import Counter, Histogram

from kamao.engine.trade.types import OrderRequest, SubmitResult
from kamao.kernel.errors import Refusal

T = TypeVar("T")
Run = Callable[[Sequence[OrderRequest]], Sequence[SubmitResult]]

LANES: Final = 2
GATHERED_MAX: Final = 256
GATHERED_MIN: Final = 32
CHUNK_MAX: Final = 512
PENDING_MAX: Final = 8_192
WAIT_MAX_S: Final = 5.0
RELIEF_AFTER_S: Final = 0.25
ATTEMPTS_MAX: Final = 4
_RETRY_PAUSES_S: Final = (0.002, 0.01, 0.05)

TRANSIENT: Final = (
    psycopg.errors.DeadlockDetected,
    psycopg.errors.SerializationFailure,
    psycopg.errors.LockNotAvailable,
)
_BUSY: Final = SubmitResult("busy")

_log = logging.getLogger("kamao.api.batcher")
_orders = Counter("kamao_orders_total", "Orders by outcome of the engine", ["cell", "outcome"])
_retries = Counter(
    "kamao_batch_retries_total", "Batches run again after a transient fault", ["cell", "fault"]
)
_sizes = Histogram(
    "kamao_batch_orders", "Orders gathered into one engine call", ["cell"],
    buckets=(1, 2, 4, 8, 16, 32, 64, 128, 256, 512),
)  # fmt: skip
_seconds = Histogram(
    "kamao_batch_seconds", "Time of one engine call with its commit", ["cell"],
    buckets=(0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 1, 5),
)  # fmt: skip


class Job(msgspec.Struct, gc=False):
    """Orders that arrived together, with what turns their results into the caller's answer.

    ``render`` runs in the lane's thread after the commit, so that sealed codes are opened off the event loop.
    """

    orders: list[OrderRequest]
    render: Callable[[Sequence[SubmitResult]], Any]
    future: "asyncio.Future[Any]"
    loop: asyncio.AbstractEventLoop
    queued_at: float


Queue = SimpleQueue[Job | None]


class Batcher:
    """The lanes of one cell in one process.

    ``make_run`` is called once per lane; what it returns executes a batch in one transaction, commit
    included.
    """

    def __init__(
        self,
        make_run: Callable[[], Run],
        *,
        cell: str,
        lanes: int = LANES,
        pending_max: int = PENDING_MAX,
        wait_max_s: float = WAIT_MAX_S,
        relief_after_s: float = RELIEF_AFTER_S,
    ) -> None:
        self._pending = 0
        self._pending_max = pending_max
        self._relief_after_s = relief_after_s
        self._queue: Queue = SimpleQueue()
        self._watched_by: asyncio.AbstractEventLoop | None = None
        self.is_closed = False
        self._lanes = [
            _Lane(self, make_run(), self._queue, number=number, cell=cell, wait_max_s=wait_max_s)
            for number in range(lanes)
        ]
        for lane in self._lanes:
            lane.start()

    @property
    def pending(self) -> int:
        """Orders accepted and not yet answered."""
        return self._pending

    @property
    def is_stuck(self) -> bool:
        """Whether the first lane has been at one batch for so long that another lane should help."""
        since = self._lanes[0].busy_since
        return since > 0 and time.monotonic() - since > self._relief_after_s

    def submit(
        self, *, orders: list[OrderRequest], render: Callable[[Sequence[SubmitResult]], T]
    ) -> "asyncio.Future[T]":
        """Queue orders; the future gives what ``render`` makes of their results.

        Call on an event loop. Raises Refusal ``overloaded`` at once when the queue is full or closed; the
        future raises it when the orders waited too long, or when the connection was lost and the outcome is
        unknown.
        """
        if self.is_closed or self._pending + len(orders) > self._pending_max:
            raise Refusal("overloaded")
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        self._pending += len(orders)
        self._queue.put(Job(orders, render, future, loop, time.monotonic()))
        if self._watched_by is not loop:
            self._watched_by = loop
            loop.call_later(self._relief_after_s, self._watch, loop)
        return future

    def _watch(self, loop: asyncio.AbstractEventLoop) -> None:
        """Call the other lanes in while the first one is stuck; look again as long as orders wait."""
        if self.is_stuck:
            for lane in self._lanes[1:]:
                lane.called.set()
        if self._pending and not self.is_closed:
            loop.call_later(self._relief_after_s, self._watch, loop)
        elif self._watched_by is loop:
            self._watched_by = None

    def settle(self, answered: list[tuple[Job, Any]]) -> None:
        """Resolve the futures of a finished batch; runs on the event loop, once per batch."""
        for job, answer in answered:
            self._pending -= len(job.orders)
            future = job.future
            if future.done():
                continue
            if isinstance(answer, BaseException):
                future.set_exception(answer)
            else:
                future.set_result(answer)

    def close(self) -> None:
        """Finish what is queued and end the lanes; new orders are refused from here on."""
        self.is_closed = True
        self._queue.put(None)
        for lane in self._lanes:
            lane.called.set()
        for lane in self._lanes:
            lane.join()


class _Lane(threading.Thread):
    """One thread that runs batches one after another."""

    def __init__(
        self, owner: Batcher, run: Run, queue: "Queue", *, number: int, cell: str, wait_max_s: float
    ) -> None:
        super().__init__(name=f"orders-{cell}-{number}", daemon=True)
        self.busy_since = 0.0
        self.called = threading.Event()
        self._owner = owner
        self._queue = queue
        self._run = run
        self._cell = cell
        self._wait_max_s = wait_max_s
        # The first lane takes everything; the others wait to be called in.
        self._is_relief = number > 0

    def run(self) -> None:
        """Take, run, answer, until told to stop."""
        if self._is_relief:
            self._relieve()
            return
        while True:
            first = self._queue.get()
            if first is None:
                return
            jobs, stopping = self._gather([first])
            self._work(jobs)
            if stopping:
                return

    def _relieve(self) -> None:
        """Wait until called; then work beside the first lane for as long as that one is stuck."""
        while True:
            self.called.wait()
            self.called.clear()
            while self._owner.is_stuck:
                jobs, stopping = self._gather([])
                if stopping:
                    # The end is the first lane's to see.
                    self._queue.put(None)
                if not jobs:
                    break
                self._work(jobs)
            if self._owner.is_closed:
                return

    def _gather(self, jobs: list[Job]) -> tuple[list[Job], bool]:
        """Take what has arrived, up to a batch; tell whether the end was among it.

        A batch is at most half of what is pending: callers that wait for their answers before they ask again
        would otherwise all move in step, and the database would rest while this process reads and writes.
        """
        count = sum(len(job.orders) for job in jobs)
        most = min(GATHERED_MAX, max(GATHERED_MIN, self._owner.pending // 2))
        while count < most:
            try:
                job = self._queue.get_nowait()
            except Empty:
                break
            if job is None:
                return jobs, True
            jobs.append(job)
            count += len(job.orders)
        return jobs, False

    def _work(self, jobs: list[Job]) -> None:
        self.busy_since = time.monotonic()
        try:
            self._answer(jobs)
        finally:
            self.busy_since = 0.0

    def _answer(self, jobs: list[Job]) -> None:
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
            answered.append((job, self._rendered(job, results[at:end])))
            at = end
        return answered

    def _alone(self, job: Job) -> tuple[Job, Any]:
        """Run one job of a failed batch by itself, so that its neighbours do not suffer for it."""
        return self._answers([job])[0]

    def _rendered(self, job: Job, results: list[SubmitResult]) -> Any:
        try:
            return job.render(results)
        except Exception:  # noqa: BLE001  isolation point: the orders are committed; the caller must hear so
            _log.exception("an answer could not be made")
            return Refusal("internal")

    def _attempt(self, orders: list[OrderRequest]) -> Sequence[SubmitResult]:
        """Run a batch, again after a deadlock or a lock that did not come; then every order is ``busy``."""
        started = time.perf_counter()
        for attempt in range(ATTEMPTS_MAX):
            try:
                results = self._run(orders)
            except TRANSIENT as error:
                _retries.labels(self._cell, type(error).__name__).inc()
                if attempt < len(_RETRY_PAUSES_S):
                    time.sleep(_RETRY_PAUSES_S[attempt])
            else:
                self._count(results, time.perf_counter() - started)
                return results
        busy = [_BUSY] * len(orders)
        self._count(busy, time.perf_counter() - started)
        return busy

    def _count(self, results: Sequence[SubmitResult], seconds: float) -> None:
        _sizes.labels(self._cell).observe(len(results))
        _seconds.labels(self._cell).observe(seconds)
        counts: dict[str, int] = {}
        for result in results:
            counts[result.outcome] = counts.get(result.outcome, 0) + 1
        for outcome, count in counts.items():
            _orders.labels(self._cell, outcome).inc(count)
