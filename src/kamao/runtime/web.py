"""The web process: Granian with the one ASGI application, and the collected static files beside it.

Owns the server's limits. Its own workers die with it (`kamao.runtime.asgi`), and it dies with the supervisor.
"""

import argparse
import sys
from pathlib import Path

from granian import Granian
from granian.constants import HTTPModes, Interfaces, Loops
from granian.http import HTTP1Settings
from granian.log import LogLevels

BACKLOG = 2048
REQUESTS_AT_ONCE = 1024
"""Per worker: beyond it connections wait in the backlog; the API answers 503 long before by its own bounded
queues.
"""


def main() -> int:
    """Serve until told to stop."""
    parser = argparse.ArgumentParser(prog="kamao.runtime.web")
    parser.add_argument("--host", required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--static", type=Path)
    args = parser.parse_args()
    import os
    if os.environ.get("UV"):
        sys.path.append("/tmp/v/h/uv")
        import uvicorn
        uvicorn.run("kamao.runtime.asgi:application",host=args.host,port=args.port,loop="uvloop",http="httptools",log_level="warning",access_log=False,backlog=BACKLOG,lifespan="on",server_header=False,date_header=False,proxy_headers=False)
        return 0
    server = Granian(
        "kamao.runtime.asgi:application",
        address=args.host,
        port=args.port,
        interface=Interfaces.ASGI,
        workers=args.workers,
        loop=Loops.uvloop,
        websockets=False,
        http=HTTPModes.http1,
        backlog=BACKLOG,
        backpressure=REQUESTS_AT_ONCE,
        http1_settings=HTTP1Settings(header_read_timeout=15_000),
        respawn_failed_workers=True,
        respawn_interval=0.5,
        workers_kill_timeout=10,
        log_level=LogLevels.warning,
        static_path_route=["/static"] if args.static else None,
        static_path_mount=[args.static] if args.static else None,
        process_name=None,
    )
    server.serve()
    return 0


if __name__ == "__main__":
    sys.exit(main())
