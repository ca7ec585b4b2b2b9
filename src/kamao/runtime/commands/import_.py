"""`./kamao import`: a supplier's sheet, a file of codes, or what an old shop exported; the same path as the
console's.

Owns the arguments. The work is done by `kamao.runtime.importing` in a process of its own, which has Django.
"""

import argparse
import json
import sys
from datetime import datetime
from pathlib import Path

from kamao.kernel.clock import BUSINESS_ZONE
from kamao.runtime import tools
from kamao.runtime.home import Home
from kamao.runtime.offline import NoDatabase, running_database
from kamao.runtime.postgres import DatabaseUnusable

HELP = "take in a price sheet, codes, members or goods from a file"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What to take in, from where, for whom."""
    kinds = parser.add_subparsers(dest="kind", required=True, metavar="KIND")
    offers = kinds.add_parser("offers", help="a supplier's price sheet")
    codes = kinds.add_parser("codes", help="a supplier's file of codes")
    members = kinds.add_parser("members", help="an old shop's members, with levels and balances")
    goods = kinds.add_parser("goods", help="an old shop's goods and 密价, with unsold codes")
    for sub in (offers, codes, goods):
        sub.add_argument("--supplier", default="", help="the supplier's name or id")
        sub.add_argument("--again", action="store_true", help="take in a file that was taken in before")
    for sub in (offers, codes, members, goods):
        sub.add_argument("file", type=Path, help="CSV, TSV or XLSX; for codes also TXT and ZIP")
        sub.add_argument("--dry-run", action="store_true", help="only show what would happen")
        sub.add_argument(
            "--report",
            type=Path,
            help="where to write the rows that did not go in (default: beside the file)",
        )
        sub.add_argument("--language", choices=["zh", "en"], default="zh", help="of reasons and reports")
        sub.add_argument("--test", action="store_true", help="into the test mode")
    for sub in (members, goods):
        sub.add_argument(
            "--source", default="old", help="a name for the old shop: the same name finds its members again"
        )
    offers.add_argument(
        "--effective-at", type=_moment, help="from when prices hold (ISO 8601; default: at once)"
    )
    codes.add_argument(
        "--offer", default="", help="the offer (the supplier's item number or its id) all codes are for"
    )


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
    report = args.report or args.file.parent
    args.report = report.absolute()
    asked = {name: str(value) if isinstance(value, Path) else value for name, value in vars(args).items()}
    try:
        with running_database(Home(args.home)):
            return tools.python(
                ["-m", "kamao.runtime.importing", json.dumps(asked)], extra={"KAMAO_HOME": str(args.home)}
            )
    except (NoDatabase, DatabaseUnusable) as error:
        print(f"kamao: {error}", file=sys.stderr)
        return 2
