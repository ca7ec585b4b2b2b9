"""The thread that sends webhooks: an event loop of its own, so that thousands of slow receivers cost no
other loop.

Owns starting, stopping and starting again after a lost database. Nothing is lost by any of it: what was in
hand is a lease in the database.
"""

import asyncio
import logging
import threading
from typing import Any

import psycopg
from django.conf import settings
from prometheus_client import Counter

from kamao.business.webhooks.guard import AddressGuard
from kamao.business.webhooks.http import GuardedHttp
from kamao.business.webhooks.sender import Sender
from kamao.worker.context import WorkerContext

log = logging.getLogger("kamao.worker.webhooks")
_ATTEMPTS = Counter("kamao_webhook_attempts_total", "Attempts at webhook deliveries, by outcome", ["outcome"])
_PAUSE_MAX_S = 10.0
_STOP_S = 10.0


class SenderThread(threading.Thread):
    """Runs one sender until told to stop; a failing one is replaced after a pause."""

    def __init__(self, context: WorkerContext) -> None:
        super().__init__(name="webhooks", daemon=True)
        self._context = context
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop_event: asyncio.Event | None = None
        self._stopping = threading.Event()

    def run(self) -> None:
        asyncio.run(self._run())

    def stop(self) -> None:
        """Finish what is in flight (a few seconds at most), give the rest back, end."""
        self._stopping.set()
        if self._loop is not None and self._stop_event is not None and self.is_alive():
            self._loop.call_soon_threadsafe(self._stop_event.set)
        self.join(_STOP_S)

    async def _run(self) -> None:
        self._loop, self._stop_event = asyncio.get_running_loop(), asyncio.Event()
        if self._stopping.is_set():
            return
        failures = 0
        guard = AddressGuard(allow_loopback=settings.KAMAO_ALLOW_LOOPBACK)
        async with GuardedHttp(guard) as http:
            while not self._stop_event.is_set():
                sender = Sender(self._connect, http=http, keyring=self._context.keyring, on_outcome=_count)
                try:
                    await sender.run(self._stop_event)
                except Exception:
                    # Isolation point: a restarting database or a bug must not end sending for good.
                    failures = failures + 1 if sender.progress.attempts == 0 else 1
                    log.exception("the webhook sender failed (%d in a row)", failures)
                    await self._pause(min(0.5 * 2**failures, _PAUSE_MAX_S))

    async def _pause(self, pause_s: float) -> None:
        assert self._stop_event is not None
        try:
            await asyncio.wait_for(self._stop_event.wait(), pause_s)
        except TimeoutError:
            return

    async def _connect(self) -> psycopg.AsyncConnection[Any]:
        return await psycopg.AsyncConnection.connect(
            self._context.conninfo, autocommit=True, application_name="kamao-webhooks"
        )


def _count(outcome: str) -> None:
    _ATTEMPTS.labels(outcome).inc()
