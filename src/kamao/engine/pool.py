"""Connections to one cell. Owns the session settings of the engine; refuses to hide a transaction.

Plans must not depend on statistics of tables that grow from nothing to millions of rows within minutes: every
engine statement is a keyed look-up, so sessions of the pool plan without sequential scans, hash and merge
joins.
"""

from collections.abc import Generator, Iterator
from contextlib import contextmanager
from typing import Any, Final
from weakref import WeakKeyDictionary

import psycopg
from psycopg_pool import ConnectionPool

from kamao.engine.cells import Cell

Connection = psycopg.Connection[tuple[Any, ...]]

burst_statements: Final[WeakKeyDictionary[Connection, dict[str, bytes]]] = WeakKeyDictionary()
"""What ``engine.burst`` has prepared on each connection, by name."""


class EngineConnection(psycopg.Connection[tuple[Any, ...]]):
    """A connection that knows when psycopg throws prepared statements away: it does so after every
    rollback.
    """

    def _deallocate(self, name: bytes | None) -> Generator[Any, Any, None]:
        if name is None:
            burst_statements.pop(self, None)
        yield from super()._deallocate(name)


_SETTINGS = (
    "-c role=kamao_app -c enable_seqscan=off -c enable_hashjoin=off -c enable_mergejoin=off -c jit=off"
    " -c lock_timeout=5000 -c idle_in_transaction_session_timeout=60000 -c plan_cache_mode=force_generic_plan"
    " -c timezone=UTC"
)


def session_options(cell: Cell) -> str:
    """Return the start-up options of an engine session in a cell."""
    return f"{_SETTINGS} -c search_path={cell.search_path}"


def connect(dsn: str, cell: Cell) -> Connection:
    """Open one engine connection to a cell, with every statement prepared at first use."""
    connection = EngineConnection.connect(
        dsn, options=session_options(cell), application_name=f"kamao-{cell.schema}"
    )
    connection.prepare_threshold = 0
    return connection


class CellPool:
    """A small pool of engine connections to one cell."""

    def __init__(self, dsn: str, cell: Cell, *, size: int = 2, min_size: int = 0) -> None:
        self.cell = cell
        self._pool: ConnectionPool[Connection] = ConnectionPool(
            dsn,
            connection_class=EngineConnection,
            min_size=min_size,
            max_size=size,
            kwargs={
                "options": session_options(cell),
                "prepare_threshold": 0,
                "application_name": f"kamao-{cell.schema}",
            },
            open=True,
            timeout=10,
            check=ConnectionPool.check_connection,
        )

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """Give a connection inside a transaction: committed on leaving, rolled back on an exception."""
        with self._pool.connection() as connection:
            yield connection

    def close(self) -> None:
        """Close every connection."""
        self._pool.close()
