"""Reads of stock: how much is free, lots, reveals. Counts are bounded: a band needs no exact number."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from kamao.engine.pool import Connection
from kamao.engine.statements import statement
from kamao.kernel.ids import sql_array

PLENTY_FROM = 50
"""A SKU with at least this many free codes shows as ``plenty``; below it as ``low``."""


class Lot(msgspec.Struct, frozen=True):
    """A lot with what became of its codes."""

    id: UUID
    offer: UUID
    sku: UUID
    source: str
    state: str
    created_at: datetime
    imported: int
    recalled: int
    free: int

    @property
    def sold(self) -> int:
        """Codes that were sold or are reserved for an unpaid purchase."""
        return self.imported - self.recalled - self.free


def free_counts(
    connection: Connection, offers: Sequence[UUID], *, at: datetime, at_most: int = PLENTY_FROM
) -> dict[UUID, int]:
    """Return how many unexpired free codes each offer has, counted up to ``at_most``."""
    with connection.cursor() as cursor:
        cursor.execute(statement("stock/count_free"), (at, at_most, sql_array(offers)))
        return dict(cursor.fetchall())


def lots_of(
    connection: Connection,
    supplier: UUID,
    *,
    limit: int,
    before: UUID | None = None,
    offer: UUID | None = None,
) -> list[Lot]:
    """Return a supplier's lots, newest first."""
    with connection.cursor() as cursor:
        cursor.execute(statement("stock/list_lots"), (supplier, offer, offer, before, before, limit))
        return [Lot(*row) for row in cursor.fetchall()]
