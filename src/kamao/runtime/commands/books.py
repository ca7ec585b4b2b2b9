"""`./kamao books`: derive every balance and invariant again from the postings."""

import argparse
import sys
from dataclasses import replace

import psycopg

from kamao.engine import books
from kamao.engine.cells import ALL, BY_SCHEMA, Cell
from kamao.runtime import prepare
from kamao.runtime.database import LOGIN, READER_ROLE, DatabaseAddress
from kamao.runtime.home import Home
from kamao.runtime.offline import NoDatabase, is_external, running_database
from kamao.runtime.postgres import DatabaseUnusable

HELP = "derive every balance and invariant again; any difference is printed and ends with exit code 1"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Which cells."""
    parser.add_argument("--cell", choices=sorted(BY_SCHEMA), help="only this cell (default: all)")


def check_cell(address: DatabaseAddress, cell: Cell) -> books.Report:
    """The report of one cell, read as the reader role."""
    login = address if is_external() else replace(address, user=LOGIN)
    with prepare.connect(login, role=READER_ROLE, application="kamao-books") as connection:
        connection.execute("SELECT set_config('search_path', %s, false)", (cell.search_path,))
        return books.check(connection)


def run(args: argparse.Namespace) -> int:
    """Check; exit code 1 on any difference, 2 when there is nothing to check."""
    cells = [BY_SCHEMA[args.cell]] if args.cell else list(ALL)
    try:
        with running_database(Home(args.home)) as address:
            reports = [(cell, check_cell(address, cell)) for cell in cells]
    except (NoDatabase, DatabaseUnusable, psycopg.OperationalError, psycopg.errors.UndefinedTable) as error:
        print(f"kamao: the books cannot be read: {error}", file=sys.stderr)
        return 2
    for cell, report in reports:
        for difference in report.differences:
            print(f"{cell.schema}: {difference}")
        verdict = "clean" if report.clean else f"{len(report.differences)} differences"
        print(
            f"{cell.schema}: {verdict} ({report.equations} equations, {report.orders} orders,"
            f" {report.postings} postings, {report.codes} codes)"
        )
    return 0 if all(report.clean for _, report in reports) else 1
