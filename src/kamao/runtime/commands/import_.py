"""`./kamao import`: a supplier's sheet, a file of codes, or what an old shop exported; the same path as the
console's.

Owns the arguments. The work is done by `kamao.runtime.importing` in a process of its own, which has Django.
"""

import argparse
import json
import os
import sys
from datetime import datetime
from pathlib import Path

from kamao.kernel.clock import BUSINESS_ZONE
from kamao.runtime import tools
from kamao.runtime.home import Home
from kamao.runtime.offline import NoDatabase, running_database
from kamao.runtime.postgres import DatabaseUnusable

HELP = "take in a price sheet, codes, members or goods from a file"


KINDS = {
    "offers": "a supplier's price sheet",
    "codes": "a supplier's codes (also TXT and ZIP)",
    "members": "an old shop's members, with levels and balances",
    "goods": "an old shop's goods, private prices and unsold codes",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What to take in, from where, for whom."""
    kinds = "; ".join(f"{kind}: {what}" for kind, what in KINDS.items())
    parser.add_argument("kind", choices=list(KINDS), metavar="KIND", help=kinds)
    parser.add_argument("file", type=Path, help="CSV, TSV or XLSX as it came")
    parser.add_argument("--supplier", default="", help="the supplier's name or id (offers, codes, goods)")
    parser.add_argument(
        "--offer", default="", help="the item number or id of the offer that all codes are for"
    )
    parser.add_argument(
        "--effective-at", type=_moment, help="from when prices hold (ISO 8601; default: at once)"
    )
    parser.add_argument(
        "--source", default="old", help="a name for the old shop, by which its members are found"
    )
    parser.add_argument("--again", action="store_true", help="take in a file that was taken in before")
    parser.add_argument("--dry-run", action="store_true", help="only show what would happen")
    parser.add_argument(
        "--report", type=Path, help="where what did not go in is written (default: beside the file)"
    )
    parser.add_argument("--language", choices=["zh", "en"], default="zh", help="of reasons and reports")
    parser.add_argument("--test", action="store_true", help="into the test mode")


def _moment(text: str) -> str:
    moment = datetime.fromisoformat(text)
    return (moment if moment.tzinfo else moment.replace(tzinfo=BUSINESS_ZONE)).isoformat()


def run(args: argparse.Namespace) -> int:
    """Take the file in: 0 when all of it went in, 1 when rows were refused or wait, 2 when nothing could be
    done.
    """
    if not args.file.is_file():
        print(f"kamao: there is no file {args.file}.", file=sys.stderr)
        return 2
    args.file = args.file.absolute()
    beside = args.file.parent if os.access(args.file.parent, os.W_OK) else Path.cwd()
    args.report = (args.report or beside).absolute()
    asked = {name: str(value) if isinstance(value, Path) else value for name, value in vars(args).items()}
    try:
        with running_database(Home(args.home)):
            return tools.python(
                ["-m", "kamao.runtime.importing", json.dumps(asked)], extra={"KAMAO_HOME": str(args.home)}
            )
    except (NoDatabase, DatabaseUnusable) as error:
        print(f"kamao: {error}", file=sys.stderr)
        return 2
