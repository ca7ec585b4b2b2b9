"""From Django's transaction to the engine: business rows and engine rows that must commit together.

Refuses to work outside `transaction.atomic()`: `SET LOCAL search_path` means nothing there, and an engine
operation never runs half. Everywhere else the engine's own pool (`kamao.engine.pool`) is the way.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from django.db import connection as default_connection
from psycopg.adapt import AdaptersMap
from psycopg.pq import TransactionStatus

from kamao.engine.cells import Cell

_PLAIN_ADAPTERS = AdaptersMap(psycopg.adapters)


class EngineCursor(psycopg.Cursor[Any]):
    """A cursor that reads and writes values the way the engine's own pool does.

    Django registers adapters of its own on the connection (its jsonb loader returns text, for one).
    """

    @property
    def adapters(self) -> AdaptersMap:
        """Psycopg's own adapters."""
        return _PLAIN_ADAPTERS


@contextmanager
def cell_connection(cell: Cell) -> Iterator[psycopg.Connection[Any]]:
    """Yield Django's raw psycopg connection with the cell's search path, inside the caller's `atomic()`
    block.

    Plain server-side cursors are used on it, because Django's own cursors bind on the client and never
    prepare. The search path is put back at the end, so that the ORM works on in the same transaction.
    """
    if not default_connection.in_atomic_block:
        raise RuntimeError("cell_connection needs transaction.atomic()")
    raw: psycopg.Connection[Any] = default_connection.connection
    factory = raw.cursor_factory
    raw.cursor_factory = EngineCursor
    row = raw.execute("SELECT current_setting('search_path')").fetchone()
    before = row[0] if row else "public"
    try:
        _set_path(raw, cell.search_path)
        yield raw
    finally:
        # In a failed transaction nothing can be set; the caller's rollback puts the path back by itself.
        if raw.info.transaction_status == TransactionStatus.INTRANS:
            _set_path(raw, before)
        raw.cursor_factory = factory


def _set_path(raw: psycopg.Connection[Any], path: str) -> None:
    raw.execute("SELECT set_config('search_path', %s, true)", (path,))
