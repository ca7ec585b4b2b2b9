"""``python -m kamao.runtime.simulate --seed S --waves N [--seconds T] [--web W]``: one campaign on a node of
its own.
"""

import argparse
import os
import sys
from importlib import import_module

import django
import msgspec

from kamao.runtime.bench.node import temporary_node


def main() -> int:
    """Run a campaign, print its verdict as JSON; 1 where anything was broken."""
    parser = argparse.ArgumentParser(prog="kamao.runtime.simulate")
    parser.add_argument("--seed", required=True)
    parser.add_argument("--waves", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=0.0)
    parser.add_argument("--web", type=int, default=2)
    args = parser.parse_args()
    with temporary_node(web=args.web) as node:
        os.environ["KAMAO_HOME"] = str(node.home.root)
        os.environ["DJANGO_SETTINGS_MODULE"] = "kamao.runtime.django_settings"
        django.setup()
        fight = import_module("kamao.runtime.simulate.campaign").campaign
        verdict = fight(node, seed=args.seed, waves=args.waves, seconds=args.seconds)
    sys.stdout.buffer.write(msgspec.json.format(msgspec.json.encode(verdict), indent=1) + b"\n")
    return 1 if verdict.broken else 0


if __name__ == "__main__":
    sys.exit(main())
