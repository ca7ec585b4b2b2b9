"""The books: every balance and invariant derived again from the postings, in one read-only snapshot.

Owns the equations of ``trade.md``; refuses to repair anything. Each statement in ``sql/`` is one equation and
returns the rows that break it, so a clean node returns nothing at all. Use a plain connection: these are
whole-table reads, and the engine pool's sessions plan for keyed look-ups only.
"""

from pathlib import Path
from typing import Any

import msgspec
import psycopg
from psycopg import IsolationLevel

from kamao.engine.statements import statement

_ROWS_SHOWN = 20


class Difference(msgspec.Struct, frozen=True):
    """One broken equation: which, about what, what should be and what is."""

    equation: str
    subject: str
    expected: str
    found: str

    def __str__(self) -> str:
        """Say it in one line."""
        return f"{self.equation}: {self.subject}: expected {self.expected}, found {self.found}"


class Report(msgspec.Struct, frozen=True):
    """What was checked and every difference found (at most 20 rows per equation, and how many there were)."""

    equations: int
    differences: tuple[Difference, ...]
    orders: int
    postings: int
    codes: int

    @property
    def clean(self) -> bool:
        """Whether every equation holds."""
        return not self.differences


def equations() -> list[str]:
    """Return the names of all equations."""
    return sorted(
        path.stem for path in (Path(__file__).parent / "sql").glob("*.sql") if path.stem != "counts"
    )


def check(connection: psycopg.Connection[tuple[Any, ...]]) -> Report:
    """Check one cell's books. The connection's search path names the cell; it must not be inside a
    transaction.
    """
    connection.isolation_level = IsolationLevel.REPEATABLE_READ
    connection.read_only = True
    names = equations()
    differences: list[Difference] = []
    with connection.transaction(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = on")
        cursor.execute("SET LOCAL enable_hashjoin = on")
        cursor.execute("SET LOCAL enable_mergejoin = on")
        cursor.execute("SET LOCAL plan_cache_mode = auto")
        cursor.execute("SET LOCAL work_mem = '64MB'")
        for name in names:
            cursor.execute(statement(f"books/{name}"))
            rows = cursor.fetchmany(_ROWS_SHOWN)
            differences += [Difference(name, str(row[0]), str(row[1]), str(row[2])) for row in rows]
            if cursor.rowcount > _ROWS_SHOWN:
                differences.append(Difference(name, "further rows", "0", str(cursor.rowcount - _ROWS_SHOWN)))
        cursor.execute(statement("books/counts"))
        counts = cursor.fetchone()
    assert counts is not None, "counting always answers"
    return Report(len(names), tuple(differences), *counts)
