"""`./kamao down`: stop the node of a home cleanly."""

import argparse
import os
import signal
import sys
import time

from kamao.runtime.home import Home
from kamao.runtime.node_state import end_leftovers, read_state

HELP = "stop the node that runs in this home"
_PATIENCE_S = 90.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Only --home."""


def run(args: argparse.Namespace) -> int:
    """Ask the supervisor to stop and wait for it."""
    home = Home(args.home)
    state = read_state(home)
    if state is None or not state.is_alive():
        end_leftovers(home)
        print(f"kamao: no node runs in {home.root}.")
        return 0
    os.kill(state.pid, signal.SIGTERM)
    deadline = time.monotonic() + _PATIENCE_S
    while state.is_alive():
        if time.monotonic() > deadline:
            print(
                f"kamao: the node (pid {state.pid}) has not stopped in {_PATIENCE_S:.0f} s; see {home.logs}.",
                file=sys.stderr,
            )
            return 1
        time.sleep(0.05)
    print("kamao: stopped.")
    return 0
