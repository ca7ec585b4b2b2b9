"""`./kamao backup`: the whole database in one file, while the node works."""

import argparse
import sys
from datetime import UTC, datetime
from pathlib import Path

from kamao.runtime.archive import ArchiveFailed, back_up
from kamao.runtime.home import Home
from kamao.runtime.offline import NoDatabase, running_database
from kamao.runtime.postgres import DatabaseUnusable

HELP = "write a backup of the database (never of the keys: backup-keys does that)"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Where to."""
    parser.add_argument(
        "file", nargs="?", type=Path, help="default: a file named by the time in <home>/backups"
    )


def run(args: argparse.Namespace) -> int:
    """Back up and say where."""
    home = Home(args.home)
    target = args.file or home.backups / f"kamao-{datetime.now(UTC):%Y%m%d-%H%M%S}.dump"
    try:
        with running_database(home) as address:
            size = back_up(address, target.absolute())
    except (ArchiveFailed, NoDatabase, DatabaseUnusable) as error:
        print(f"kamao: {error}", file=sys.stderr)
        return 1
    print(f"kamao: {target} ({size / 1_000_000:.1f} MB). It holds no keys (see backup-keys).")
    return 0
