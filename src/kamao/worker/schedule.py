"""What the worker does again and again: named loops, each in a thread of its own.

Owns pacing, isolation and the worker's sign of life. A loop's function does one bounded round and returns how
much it did: while it finds work it is called again at once, otherwise after its pause. A failing round is
logged, counted and repeated later; it never takes the other loops down (the one named isolation point here).
"""

import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from django.db import connections
from prometheus_client import Counter

from kamao.worker.context import WorkerContext

log = logging.getLogger("kamao.worker.schedule")
_ROUNDS = Counter(
    "kamao_worker_rounds_total", "Rounds of a worker loop, by loop and outcome", ["loop", "outcome"]
)
_ITEMS = Counter("kamao_worker_items_total", "Items a worker loop has worked on", ["loop"])
_PAUSE_AFTER_FAILURE_MAX_S = 30.0


@dataclass(frozen=True)
class Loop:
    """One loop: its name in logs and metrics, its round, and the pause (seconds) after a round that found
    nothing.
    """

    name: str
    run_once: Callable[[WorkerContext], int]
    pause_s: float


class LoopThread(threading.Thread):
    """Runs one loop until told to stop."""

    def __init__(self, loop: Loop, context: WorkerContext, stopping: threading.Event) -> None:
        super().__init__(name=loop.name, daemon=True)
        self.loop = loop
        self._context = context
        self._stopping = stopping

    def run(self) -> None:
        failures = 0
        while not self._stopping.is_set():
            try:
                done = self.loop.run_once(self._context)
            except Exception:
                # Isolation point: whatever one loop meets (a restarting database, one bad row), the others go
                # on.
                failures += 1
                _ROUNDS.labels(self.loop.name, "failed").inc()
                log.exception("loop %s failed (%d in a row)", self.loop.name, failures)
                # A restarted database is met with a fresh connection, not with this thread's broken one.
                connections.close_all()
                self._stopping.wait(
                    min(self.loop.pause_s + 0.2 * 2 ** min(failures, 10), _PAUSE_AFTER_FAILURE_MAX_S)
                )
                continue
            failures = 0
            _ROUNDS.labels(self.loop.name, "done").inc()
            if done > 0:
                _ITEMS.labels(self.loop.name).inc(done)
            else:
                self._stopping.wait(self.loop.pause_s)


class Schedule:
    """All loops of one worker process."""

    def __init__(self, loops: Sequence[Loop], context: WorkerContext) -> None:
        self._stopping = threading.Event()
        self._threads = [LoopThread(loop, context, self._stopping) for loop in loops]

    def start(self) -> None:
        """Start every loop."""
        for thread in self._threads:
            thread.start()

    def stop(self, *, timeout_s: float = 10.0) -> None:
        """Let every loop finish its round; a round longer than `timeout_s` is left to its transaction's
        rollback.
        """
        self._stopping.set()
        for thread in self._threads:
            thread.join(timeout_s)
