"""The API on a real port, spoken to as the node speaks: uvicorn with the guarded protocol."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn

from kamao.runtime.guarded_http import GuardedHttp
from tests.api.caller import Api


class QuietServer(uvicorn.Server):
    """Leaves the signals to the tests' own process."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def server_of(app: Any) -> QuietServer:
    """Return a server of an application on a free port, not yet serving."""
    config = uvicorn.Config(
        app, host="127.0.0.1", port=0, http=GuardedHttp, ws="none", interface="asgi3", lifespan="off",
        access_log=False, server_header=False, proxy_headers=False, log_config=None,
        timeout_graceful_shutdown=2,
    )  # fmt: skip
    return QuietServer(config)


def address_of(server: QuietServer) -> str:
    """Wait until a server serves and return its address."""
    until = time.monotonic() + 20
    while not server.started:
        assert time.monotonic() < until, "the server did not start"
        time.sleep(0.01)
    host, port = server.servers[0].sockets[0].getsockname()
    return f"http://{host}:{port}"


@contextmanager
def on_a_port(api: Api) -> Iterator[str]:
    """Serve an API on its own event loop; gives the address."""
    server = server_of(api.app)
    serving = api.run_soon(server.serve())
    yield address_of(server)
    server.should_exit = True
    serving.result(timeout=20)
