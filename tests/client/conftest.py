"""A node's API on a real port, and the world to trade in (the API tests' own)."""

import socket
import time
from collections.abc import Iterator

import httpx
import pytest
from django.conf import settings
from granian.constants import Interfaces
from granian.server.embed import Server

from kamao.worker import relay
from kamao.worker.context import open_context
from kamao.worker.schedule import Loop, Schedule
from kamao.worker.webhooks import SenderThread
from tests.api.caller import Api
from tests.api.conftest import api, api_database, merchant, services, world

__all__ = ["api", "api_database", "merchant", "services", "world"]


@pytest.fixture(scope="package")
def base_url(api: Api) -> Iterator[str]:
    """The address of Granian serving the API, as the node serves it."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = Server(api.app, address="127.0.0.1", port=port, interface=Interfaces.ASGINL, log_enabled=False)
    serving = api.run_soon(server.serve())
    address = f"http://127.0.0.1:{port}"
    _wait_until_served(address)
    yield address
    api.loop.call_soon_threadsafe(server.stop)
    serving.result(timeout=20)


def _wait_until_served(address: str) -> None:
    until = time.monotonic() + 20
    while True:
        try:
            httpx.get(f"{address}/api/v1/openapi.json", timeout=5)
        except httpx.TransportError:
            assert time.monotonic() < until, "the server did not start"
        else:
            return


@pytest.fixture(scope="package")
def worker(api_database, services) -> Iterator[None]:
    """The relay and the sender, as the worker process runs them."""
    context = open_context(conninfo=settings.KAMAO_CONNINFO, keyring=services.keyring)
    schedule = Schedule([Loop("relay", relay.relay, 0.05)], context)
    sender = SenderThread(context)
    schedule.start()
    sender.start()
    yield
    schedule.stop()
    sender.stop()
    context.close()
