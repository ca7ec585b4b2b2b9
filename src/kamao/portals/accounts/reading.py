"""One way for console pages to reach engine rows: the cell that the person looks at, inside one
transaction.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import transaction

from kamao.business.engine_bridge import cell_connection
from kamao.engine.pool import Connection
from kamao.portals.accounts.pages import ConsoleRequest


@contextmanager
def reading(request: ConsoleRequest) -> Iterator[Connection]:
    """Give a connection to the cell that the console shows; what is written on it commits at the end."""
    with transaction.atomic(), cell_connection(request.acting.cell) as connection:
        yield connection
