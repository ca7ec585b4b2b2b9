"""`./kamao up`: start a node and stay with it until Ctrl-C."""

import argparse
import os
import sys
from urllib.parse import urlsplit

from kamao.runtime.accounts import NoAccount
from kamao.runtime.home import Home
from kamao.runtime.node_state import AlreadyRunning
from kamao.runtime.plan import NodePlan, free_port, own_addresses, port_is_free
from kamao.runtime.postgres import DatabaseUnusable
from kamao.runtime.supervisor import StartFailed, Supervisor

HELP = "start the node: database, web and API on one port, worker"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What kind of node, and where it listens."""
    parser.add_argument(
        "--demo", action="store_true", help="fill an empty node with a story to look at, and the sandbox bank"
    )
    parser.add_argument(
        "--live-demo", action="store_true", help="like --demo, and the demo goes on trading gently"
    )
    parser.add_argument(
        "--port", type=int, default=8000, help="port of web and API (default 8000; 0 picks a free one)"
    )
    parser.add_argument("--web", type=int, default=1, metavar="N", help="web processes (default 1)")
    parser.add_argument(
        "--lan", action="store_true", help="listen on all addresses of this machine, not on loopback alone"
    )


def make_plan(args: argparse.Namespace) -> NodePlan:
    """The node as the arguments ask for it."""
    host = "0.0.0.0" if args.lan else "127.0.0.1"  # noqa: S104  asked for with --lan
    port = args.port or free_port()
    addresses = own_addresses() if args.lan else ()
    # Behind a proxy the node is known by another address: KAMAO_BASE_URL names it, and its host is answered.
    base_url = os.environ.get("KAMAO_BASE_URL", f"http://127.0.0.1:{port}")
    named = (urlsplit(base_url).hostname or "", *os.environ.get("KAMAO_HOSTS", "").split(","))
    origins = (base_url, *(f"http://{address}:{port}" for address in addresses))
    demo = args.demo or args.live_demo
    return NodePlan(
        home=Home(args.home),
        host=host,
        port=port,
        base_url=base_url,
        web_workers=max(1, args.web),
        demo=demo,
        live_demo=args.live_demo,
        bank_port=free_port(preferred=port + 1) if demo else 0,
        hosts=tuple(sorted({*addresses, *named} - {""})),
        origins=origins,
    )


def run(args: argparse.Namespace) -> int:
    """Start the node and stay; returns when it has stopped."""
    plan = make_plan(args)
    if not port_is_free(plan.host, plan.port):
        print(
            f"kamao: port {plan.port} is taken by another program; choose one with --port.", file=sys.stderr
        )
        return 1
    try:
        return Supervisor(plan).run()
    except (StartFailed, AlreadyRunning, DatabaseUnusable, NoAccount) as error:
        print(f"kamao: {error}", file=sys.stderr)
        return 1
