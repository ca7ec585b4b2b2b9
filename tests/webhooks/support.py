"""A receiver that does what it is told, and the few steps every webhook test needs."""

import asyncio
import json
import threading
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import psycopg
from django.conf import settings
from standardwebhooks import Webhook

from kamao.business.identity.audit import Actor
from kamao.business.identity.models import Organisation
from kamao.business.keyring import node_keyring
from kamao.business.webhooks import operations
from kamao.business.webhooks.fan_out import fan_out_once
from kamao.business.webhooks.guard import AddressGuard
from kamao.business.webhooks.http import GuardedHttp
from kamao.business.webhooks.queries import Owner
from kamao.business.webhooks.sender import Sender
from kamao.engine.cells import LIVE
from kamao.engine.trade.relay import sequence_events
from kamao.kernel.clock import ManualClock
from kamao.kernel.ids import RandomIds

START = datetime(2026, 11, 20, 4, 0, tzinfo=UTC)
GUARD = AddressGuard(allow_loopback=True)
ACTOR = Actor()


def make_owner(cell=LIVE):
    organisation = Organisation.objects.create(kind="merchant", legal_name="Hook Ltd", display_name="Hook")
    return Owner(organisation.id, cell)


def make_endpoint(owner, url, event_types=(), at=START):
    return operations.create_endpoint(
        owner, url=url, event_types=list(event_types), actor=ACTOR, keyring=node_keyring(), guard=GUARD, at=at
    )


def cell_connection(cell=LIVE):
    connection = psycopg.connect(settings.KAMAO_CONNINFO, autocommit=True)
    connection.execute("SELECT set_config('search_path', %s, false)", (cell.search_path,))
    return connection


def publish(owner, count=1, *, event_type="order.delivered", data=None, at=START):
    """Let the cell have ``count`` more numbered events of an owner; return their ids."""
    ids = RandomIds(owner.cell.number).many(count)
    with cell_connection(owner.cell) as connection, connection.transaction():
        connection.cursor().executemany(
            "INSERT INTO trade_outbox (id, type, organisation, actor, data, created_at)"
            " VALUES (%s, %s, %s, 'test', %s, %s)",
            [
                (id_, event_type, owner.organisation, json.dumps(data or {"n": n}), at)
                for n, id_ in enumerate(ids)
            ],
        )
    with cell_connection(owner.cell) as connection, connection.transaction():
        assert sequence_events(connection) == count
    return ids


def fan_out(owner, at=START):
    with cell_connection(owner.cell) as connection:
        total = 0
        while looked_at := fan_out_once(connection, cell=owner.cell, keyring=node_keyring(), at=at):
            total += looked_at
        return total


def rows(query, *arguments):
    with psycopg.connect(settings.KAMAO_CONNINFO, autocommit=True) as connection:
        return connection.execute(query, arguments).fetchall()


async def connect():
    return await psycopg.AsyncConnection.connect(settings.KAMAO_CONNINFO, autocommit=True)


def send_due(clock: ManualClock, *, timeout_s=15.0, jitter=0.0) -> int:
    """Send everything that is due at the clock's time, as a fresh sender would after a restart."""

    async def run():
        async with GuardedHttp(GUARD, timeout_s=timeout_s) as http:
            sender = Sender(connect, http=http, keyring=node_keyring(), clock=clock, jitter=lambda: jitter)
            return await sender.run_until_idle()

    return asyncio.run(run())


class Receiver:
    """An HTTP server in a thread of its own. ``answers`` are used in turn, the last one for ever.

    An answer is a status, or (status, headers) with the reply's text under ``body``, or ``"hang"`` (never
    answers) or ``"drop"`` (closes the connection).
    """

    def __init__(self, *answers, port=0):
        self.answers = list(answers) or [200]
        self.seen = []
        self._port = port

    def __enter__(self):
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        assert self._ready.wait(5)
        return self

    def __exit__(self, *exc):
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(5)

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}/hook"

    @property
    def ids(self):
        return [headers["webhook-id"] for headers, _body in self.seen]

    def verified(self, secret):
        """Everything received, each verified by the PyPI package ``standardwebhooks``."""
        return [Webhook(secret).verify(body, headers) for headers, body in self.seen]

    def _run(self):
        asyncio.run(self._serve())

    async def _serve(self):
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        server = await asyncio.start_server(self._answer, "127.0.0.1", self._port)
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        await self._stop.wait()
        server.close()
        for task in asyncio.all_tasks() - {asyncio.current_task()}:
            task.cancel()

    async def _answer(self, reader, writer):
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode()
                lines = [line.split(":", 1) for line in head.split("\r\n")[1:] if line]
                headers = {name.strip().lower(): value.strip() for name, value in lines}
                body = await reader.readexactly(int(headers["content-length"]))
                self.seen.append((headers, body))
                answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
                if answer == "hang":
                    await asyncio.Event().wait()
                if answer == "drop":
                    return
                status, extra = answer if isinstance(answer, tuple) else (answer, {})
                more = "".join(f"{name}: {value}\r\n" for name, value in extra.items() if name != "body")
                text = extra.get("body", "thanks")
                writer.write(
                    f"HTTP/1.1 {status} X\r\n{more}content-length: {len(text)}\r\n\r\n{text}".encode()
                )
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            return
        finally:
            writer.close()


async def until(condition, *, limit_s=20.0):
    """Wait for a condition that another thread or task brings about."""
    async with asyncio.timeout(limit_s):
        while not condition():  # noqa: ASYNC110  the receiver lives in another thread
            await asyncio.sleep(0.005)


def seconds(value):
    return timedelta(seconds=value)


def unknown_id() -> UUID:
    return uuid4()
