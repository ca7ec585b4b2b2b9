"""A browser, a shop over real HTTP, and the sandbox bank in a process of its own."""

import os
import shutil
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import pytest
from django.contrib.staticfiles.handlers import StaticFilesHandler
from django.core.handlers.wsgi import WSGIHandler
from django.test import override_settings
from playwright.sync_api import Browser, sync_playwright

from kamao.connectors.sandbox_bank.enrol import open_sandbox_accounts
from tests.conftest import Server, _django_uses
from tests.payments.bank import Bank
from tests.portals.market.conftest import SKUS
from tests.portals.market.seed import build_shop

# `./kamao test` names the browser that it found or installed.
CHROMIUM = os.environ.get("KAMAO_CHROMIUM") or shutil.which("chromium") or "chromium"
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    # Playwright keeps a loop in this thread; Django guards against coroutines, and there are none here.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield started
        started.close()


@pytest.fixture(scope="package")
def bank(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bank]:
    bank = Bank(tmp_path_factory.mktemp("e2e-bank"))
    yield bank
    bank.stop()


class _Quiet(WSGIRequestHandler):
    def log_message(self, *args: object) -> None:
        pass


class _Threaded(ThreadingMixIn, WSGIServer):
    daemon_threads = True


@dataclass(frozen=True)
class Street:
    """A shop over real HTTP and its bank."""

    url: str
    bank: Bank


@pytest.fixture(scope="module")
def street(database_server: Server, django_db_blocker: Any, bank: Bank) -> Iterator[Street]:
    """A shop that takes payments, in a database of this module's own."""
    server = make_server("127.0.0.1", 0, WSGIHandler(), server_class=_Threaded, handler_class=_Quiet)
    server.set_app(StaticFilesHandler(WSGIHandler()))
    url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    with (
        database_server.copy() as address,
        django_db_blocker.unblock(),
        _django_uses(address),
        override_settings(KAMAO_BASE_URL=url),
    ):
        at = datetime.now(UTC) - timedelta(minutes=5)
        open_sandbox_accounts(Path(bank.home), base_url=bank.base_url, at=at)
        build_shop(at=at, codes_each=30, only=SKUS)
        thread.start()
        yield Street(url, bank)
        server.shutdown()
        thread.join(10)
        server.server_close()
