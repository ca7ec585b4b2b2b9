"""`./kamao restore`: make a stopped node's database what a backup holds."""

import argparse
import sys
from pathlib import Path

from kamao.runtime.archive import ArchiveFailed, restore
from kamao.runtime.home import Home
from kamao.runtime.node_state import AlreadyRunning
from kamao.runtime.offline import stopped_node
from kamao.runtime.postgres import DatabaseUnusable

HELP = "restore a backup into this (stopped) node"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """From where, and whether data may be thrown away."""
    parser.add_argument("file", type=Path, help="a file that ./kamao backup wrote")
    parser.add_argument("--replace", action="store_true", help="throw this node's present data away")


def run(args: argparse.Namespace) -> int:
    """Restore all of it or nothing."""
    home = Home(args.home)
    if not args.file.is_file():
        print(f"kamao: there is no file {args.file}.", file=sys.stderr)
        return 1
    try:
        with stopped_node(home) as address:
            restore(address, args.file.absolute(), replace_data=args.replace)
    except (ArchiveFailed, AlreadyRunning, DatabaseUnusable) as error:
        print(f"kamao: {error}", file=sys.stderr)
        return 1
    keys = (
        ""
        if home.key_file.exists()
        else " Its keys are missing here: bring them with ./kamao restore-keys FILE."
    )
    print(f"kamao: restored.{keys} Start it with ./kamao up.")
    return 0
