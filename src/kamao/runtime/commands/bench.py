"""`./kamao bench`: measures in one run on this machine; or `--prepare`: what outside load generators need."""

import argparse
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path

from kamao.runtime.home import Home
from kamao.runtime.node_state import read_state

HELP = "measure speed against PostgreSQL's own benchmark; --prepare for outside load generators"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What to measure and for how long."""
    parser.add_argument(
        "--prepare", action="store_true", help="make merchants, SKUs and codes on the running node"
    )
    parser.add_argument("--merchants", type=int, default=50)
    parser.add_argument("--skus", type=int, default=200)
    parser.add_argument("--codes", type=int, default=300_000)
    parser.add_argument("--seconds", type=float, default=5.0, help="length of one run (default 5)")
    parser.add_argument("--rounds", type=int, default=5, help="runs per measure (default 5)")
    parser.add_argument("--only", default="", help="measures, for example F1,F2 (default: all)")
    parser.add_argument("--web", type=int, default=1, metavar="N", help="web processes of the measured node")
    parser.add_argument("--full", action="store_true", help="10 million past orders for F5 (about 40 GB)")
    parser.add_argument("--json", type=Path, help="also write the measures to this file")


def run(args: argparse.Namespace) -> int:
    """Prepare a running node, or measure on a node of our own."""
    return _prepare(args) if args.prepare else _measure(args)


def _set_up(home: Home, call: Callable[[], int]) -> int:
    """Load Django for a home; the bench is a program of the operator, so the app's role is enough."""
    os.environ["KAMAO_HOME"] = str(home.root)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kamao.runtime.django_settings")
    import django

    django.setup()
    return call()


def _prepare(args: argparse.Namespace) -> int:
    home = Home(args.home)
    state = read_state(home)
    if state is None or not state.is_alive():
        print("kamao: no node is running in this home; start it with ./kamao up first.", file=sys.stderr)
        return 1

    def make() -> int:
        from kamao.runtime.bench.prepare_running import prepare_running

        made = prepare_running(state.base_url, merchants=args.merchants, skus=args.skus, codes=args.codes)
        print(json.dumps({"base_url": made.base_url, "keys": made.keys, "skus": made.skus}))
        return 0

    return _set_up(home, make)


def _measure(args: argparse.Namespace) -> int:
    from kamao.runtime.bench.node import temporary_node

    with temporary_node(web=args.web) as node:

        def measure() -> int:
            from kamao.runtime.bench.run import measure_all

            return measure_all(node, args)

        return _set_up(node.home, measure)
