"""A node's API on a real port, and the world to trade in (the API tests' own)."""

from collections.abc import Iterator

import pytest
from django.conf import settings

from kamao.worker import relay
from kamao.worker.context import open_context
from kamao.worker.schedule import Loop, Schedule
from kamao.worker.webhooks import SenderThread
from tests.api.caller import Api
from tests.api.conftest import api, api_database, merchant, services, world
from tests.api.serving import on_a_port

__all__ = ["api", "api_database", "merchant", "services", "world"]


@pytest.fixture(scope="package")
def base_url(api: Api) -> Iterator[str]:
    """The address of the API, served as the node serves it."""
    with on_a_port(api) as address:
        yield address


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
