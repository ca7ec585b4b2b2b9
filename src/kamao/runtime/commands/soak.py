"""`./kamao soak`: long campaigns of the simulator on nodes of their own, each with a seed that repeats it."""

import argparse
import secrets
import subprocess
import sys

HELP = "torture a node of its own: many clients, few codes, processes killed -9; then check everything"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """For how long, with which seed."""
    parser.add_argument("--minutes", type=float, default=10.0, help="how long to go on (default 10)")
    parser.add_argument("--seed", default="", help="repeat a campaign (default: a fresh seed, printed)")
    parser.add_argument(
        "--web", type=int, default=2, metavar="N", help="web processes of the node (default 2)"
    )


def run(args: argparse.Namespace) -> int:
    """Run one campaign of the length asked for; 1 where anything was broken."""
    seed = args.seed or secrets.token_hex(4)
    print(f"soak: seed {seed}, {args.minutes:g} minutes; repeat it with --seed {seed}", flush=True)
    command = [
        sys.executable, "-m", "kamao.runtime.simulate",
        "--seed", seed, "--waves", "1", "--seconds", str(args.minutes * 60), "--web", str(args.web),
    ]  # fmt: skip
    return subprocess.run(command, check=False).returncode
