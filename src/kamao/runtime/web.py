"""The web process: uvicorn with the one ASGI application.

Owns the server's limits. One worker is this process itself; more are its children, die with it
(`kamao.runtime.asgi`) and are replaced by it. It dies with the supervisor. Reading, parsing and answering
stay on the event loop's own thread: a server with threads of its own would fight the order lanes for the
interpreter's lock (ADR 22).
"""

import argparse
import resource
import sys

import uvicorn

from kamao.runtime.guarded_http import GuardedHttp

BACKLOG = 2048
REQUESTS_AT_ONCE = 8192
"""Per worker: beyond it the server answers 503 by itself; the API does so long before by its own bounded
queues.
"""
_KEEP_ALIVE_S = 75
_STOP_S = 10
_WORKER_SILENT_S = 30


def main() -> int:
    """Serve until told to stop."""
    parser = argparse.ArgumentParser(prog="kamao.runtime.web")
    parser.add_argument("--host", required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--workers", type=int, default=1)
    args = parser.parse_args()
    _allow_many_connections()
    uvicorn.run(
        "kamao.runtime.asgi:application",
        host=args.host,
        port=args.port,
        workers=args.workers,
        loop="uvloop",
        http=GuardedHttp,
        ws="none",
        interface="asgi3",
        lifespan="on",
        proxy_headers=False,
        server_header=False,
        access_log=False,
        log_level="warning",
        backlog=BACKLOG,
        limit_concurrency=REQUESTS_AT_ONCE,
        timeout_keep_alive=_KEEP_ALIVE_S,
        timeout_graceful_shutdown=_STOP_S,
        timeout_worker_healthcheck=_WORKER_SILENT_S,
    )
    return 0


def _allow_many_connections() -> None:
    """Raise the soft limit of open files to the hard one: a connection is a file."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


if __name__ == "__main__":
    sys.exit(main())
