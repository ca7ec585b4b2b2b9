"""The lane on the event loop: plain orders from their first byte to their last without a change of thread.

Deciding by memory waits for nothing, so the loop decides, launches the writes and goes on reading requests;
the database's answers are one more readable socket. Threads would fight the loop for the interpreter's lock
and drag the process from core to core. Owns at most three batches on their way. Refuses nothing: what is not
plain, what failed, and everything while a connection is missing goes to the threads' lanes (``batcher``),
which read.
"""

import asyncio
import logging
import time
from collections import deque
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from typing import Any, Final

import psycopg

from kamao.api.batcher import GATHERED_MAX, Batcher
from kamao.api.jobs import Job, count, resolve
from kamao.engine.burst import Flight
from kamao.engine.pool import Connection
from kamao.engine.trade.foresight import ByMemory, is_overtaken
from kamao.engine.trade.tools import TradeTools
from kamao.engine.trade.types import OrderRequest, SubmitResult
from kamao.kernel.clock import Clock
from kamao.kernel.errors import Refusal

_LEGS: Final = 3
_WORTHWHILE: Final = 0.8
"""A batch leaves beside another once it has this share of the other's orders: many small batches cost more
than a moment's wait.
"""
_PATIENCE_S: Final = 0.01
"""How long orders wait at most for a batch worth its costs while another is on its way."""
_CONNECT_PAUSE_S: Final = 1.0

_log = logging.getLogger("kamao.api.express")


class _Leg:
    """One connection and what is on its way over it."""

    __slots__ = ("batch", "connection", "flight", "is_away", "jobs", "places", "since")

    def __init__(self) -> None:
        self.connection: Connection | None = None
        self.is_away = False
        """Whether its connection is being opened or rolled back."""
        self.since = 0.0
        self.clear()

    def clear(self) -> None:
        """Nothing is on its way any more."""
        self.flight: Flight | None = None
        self.batch: ByMemory | None = None
        self.jobs: list[Job] = []
        self.places: list[int] = []


class Express:
    """The express lane of one cell in one process, on the first event loop that uses it."""

    def __init__(
        self,
        batcher: Batcher,
        *,
        connect: Callable[[], Connection],
        tools: TradeTools,
        clock: Clock,
        cell: str,
    ) -> None:
        self._batcher = batcher
        self._connect = connect
        self._tools = tools
        self._clock = clock
        self._cell = cell
        self._legs = [_Leg() for _ in range(_LEGS)]
        self._waiting: deque[Job] = deque()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._is_called = False
        self._timer: asyncio.TimerHandle | None = None
        self._connect_at = 0.0

    def submit(
        self, order: OrderRequest, *, render: Callable[[Sequence[SubmitResult]], Any]
    ) -> "asyncio.Future[Any]":
        """As ``Batcher.submit`` for one order."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Any] = loop.create_future()
        self.queue(order, render=render, deliver=partial(resolve, future), loop=loop)
        return future

    def queue(
        self,
        order: OrderRequest,
        *,
        render: Callable[[Sequence[SubmitResult]], Any],
        deliver: Callable[[Any], None],
        loop: asyncio.AbstractEventLoop,
    ) -> None:
        """Queue an order from its loop; ``deliver`` is called there as ``Batcher.accept`` says. Raises
        Refusal ``overloaded``.
        """
        job = self._batcher.accept(orders=[order], render=render, deliver=deliver, loop=loop)
        if loop is not self._loop:
            if self._loop is not None and not self._loop.is_closed():
                self._batcher.adopt([job])
                return
            self._loop = loop
        self._waiting.append(job)
        self._call(loop)

    def _call(self, loop: asyncio.AbstractEventLoop) -> None:
        """Look what can depart once the loop has read what is there to read."""
        if not self._is_called:
            self._is_called = True
            loop.call_soon(self._go)

    def _go(self) -> None:
        self._is_called = False
        loop = self._loop
        assert loop is not None, "somebody has queued"
        waiting = self._waiting
        while waiting:
            leg = next((leg for leg in self._legs if leg.connection is not None and leg.flight is None), None)
            flying = max([len(leg.jobs) for leg in self._legs if leg.flight is not None], default=0)
            if leg is None:
                if flying == 0:
                    self._pass_on()
                break
            if flying * _WORTHWHILE > len(waiting) and time.monotonic() - waiting[0].queued_at < _PATIENCE_S:
                self._call_later(loop)
                break
            if not self._depart(leg, loop):
                self._call_later(loop)
                break
        self._open_missing(loop)

    def _call_later(self, loop: asyncio.AbstractEventLoop) -> None:
        if self._timer is None:
            self._timer = loop.call_later(_PATIENCE_S / 2, self._on_timer)

    def _on_timer(self) -> None:
        self._timer = None
        self._go()

    def _pass_on(self) -> None:
        """Let the threads' lanes do all that waits."""
        self._batcher.adopt(self._waiting)
        self._waiting.clear()

    def _depart(self, leg: _Leg, loop: asyncio.AbstractEventLoop) -> bool:
        """Decide what waits and launch what is plain; false while a thread's lane decides."""
        waiting = self._waiting
        if not self._batcher.turn.acquire(blocking=False):
            if time.monotonic() - waiting[0].queued_at > 2 * _PATIENCE_S:
                self._pass_on()
            return False
        try:
            now = self._clock.now()
            if self._tools.memory.is_reliable(now):
                jobs = [waiting.popleft() for _ in range(min(len(waiting), GATHERED_MAX))]
                self._launch(leg, jobs, at=now, loop=loop)
            else:
                self._pass_on()
        finally:
            self._batcher.turn.release()
        return True

    def _launch(self, leg: _Leg, jobs: list[Job], *, at: datetime, loop: asyncio.AbstractEventLoop) -> None:
        assert leg.connection is not None, "the leg is free"
        batch = ByMemory(leg.connection, [job.orders[0] for job in jobs], at=at, tools=self._tools)
        try:
            flight = batch.launch() if batch.decide() else None
        except Exception as error:  # noqa: BLE001  isolation point: the lanes find out what is wrong
            _log.warning("orders could not be launched: %s", type(error).__name__)
            batch.doubt(overtaken=False)
            self._batcher.adopt(jobs)
            self._recover(leg, loop)
            return
        places = batch.places
        if len(places) < len(jobs):
            plain = set(places)
            self._batcher.adopt([job for place, job in enumerate(jobs) if place not in plain])
        if flight is not None:
            leg.batch, leg.flight, leg.places, leg.since = batch, flight, places, time.perf_counter()
            leg.jobs = [jobs[place] for place in places]
            if not flight.is_sent():
                loop.add_writer(flight.socket, self._push, leg, loop)
            loop.add_reader(flight.socket, self._land, leg, loop)

    def _push(self, leg: _Leg, loop: asyncio.AbstractEventLoop) -> None:
        """Send what the socket could not take at once."""
        assert leg.flight is not None, "something is on its way"
        try:
            if leg.flight.is_sent():
                loop.remove_writer(leg.flight.socket)
        except psycopg.Error:
            # Reading tells the same, and is answered for.
            loop.remove_writer(leg.flight.socket)

    def _land(self, leg: _Leg, loop: asyncio.AbstractEventLoop) -> None:
        """Take what has arrived; answer when it is all there."""
        assert leg.flight is not None, "something is on its way"
        socket = leg.flight.socket
        try:
            if not leg.flight.advance():
                return
        except psycopg.Error as error:
            self._unhook(loop, socket)
            self._fail(leg, error)
            self._recover(leg, loop)
            return
        self._unhook(loop, socket)
        landed = self._collect(leg)
        try:
            if self._waiting:
                # Before the answers: the database works on the next batch while they are made.
                self._go()
        finally:
            self._answer(landed)

    @staticmethod
    def _unhook(loop: asyncio.AbstractEventLoop, socket: int) -> None:
        loop.remove_reader(socket)
        loop.remove_writer(socket)

    def _collect(self, leg: _Leg) -> list[tuple[Job, SubmitResult]]:
        """Take a landed batch off its leg."""
        batch, jobs, places = leg.batch, leg.jobs, leg.places
        assert batch is not None, "somebody has decided it"
        leg.clear()
        results = batch.results()
        count(list(results.values()), cell=self._cell, seconds=time.perf_counter() - leg.since)
        return [(job, results[place]) for place, job in zip(places, jobs, strict=True)]

    def _answer(self, landed: list[tuple[Job, SubmitResult]]) -> None:
        for job, result in landed:
            # One by one: the first caller works with its answer while the others' are made.
            self._batcher.settle([(job, job.rendered([result]))])

    def _fail(self, leg: _Leg, error: psycopg.Error) -> None:
        """Nothing was written, and the lanes try again; or the connection is lost and nobody knows, and the
        callers repeat their references.
        """
        batch, jobs, connection = leg.batch, leg.jobs, leg.connection
        assert batch is not None, "somebody has decided it"
        assert connection is not None, "it has just spoken"
        leg.clear()
        batch.doubt(overtaken=is_overtaken(error))
        if connection.closed:
            _log.warning("a batch of %d orders lost its database: %s", len(jobs), type(error).__name__)
            self._batcher.settle([(job, Refusal("overloaded")) for job in jobs])
        else:
            self._batcher.adopt(jobs)

    def _recover(self, leg: _Leg, loop: asyncio.AbstractEventLoop) -> None:
        """Make a leg's connection usable again, off the loop."""
        connection, leg.connection = leg.connection, None
        if connection is not None and not connection.closed:
            self._bring(leg, loop, partial(_rolled_back, connection))

    def _open_missing(self, loop: asyncio.AbstractEventLoop) -> None:
        """Open what is missing, off the loop, and not again and again while there is no database."""
        for leg in self._legs:
            if leg.connection is None and not leg.is_away and time.monotonic() >= self._connect_at:
                self._bring(leg, loop, self._connect)

    def _bring(self, leg: _Leg, loop: asyncio.AbstractEventLoop, work: Callable[[], Connection]) -> None:
        leg.is_away = True
        loop.run_in_executor(None, work).add_done_callback(partial(self._arrived, leg))

    def _arrived(self, leg: _Leg, brought: "asyncio.Future[Connection]") -> None:
        leg.is_away = False
        error = brought.exception()
        if error is None:
            leg.connection = brought.result()
        else:
            self._connect_at = time.monotonic() + _CONNECT_PAUSE_S
            _log.warning("the express lane has no connection: %s", type(error).__name__)

    def close(self) -> None:
        """Let what is on its way land, leave what waits to the lanes, and let go of the connections."""
        self._pass_on()
        for leg in self._legs:
            if leg.flight is not None:
                if self._loop is not None and not self._loop.is_closed():
                    self._unhook(self._loop, leg.flight.socket)
                try:
                    leg.flight.wait()
                except psycopg.Error as error:
                    self._fail(leg, error)
                else:
                    self._answer(self._collect(leg))
            if leg.connection is not None:
                leg.connection.close()
                leg.connection = None


def _rolled_back(connection: Connection) -> Connection:
    connection.rollback()
    return connection
