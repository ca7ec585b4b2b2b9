"""Locking free codes for a batch: one statement per round, each offer asked once with its summed quantity.

Earliest expiry first, then import order. Refuses to call an offer empty because a neighbour holds its last codes for a
moment: when a round comes up short, the offers that were short are asked once more, waiting for those locks.
"""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from kamao.engine.pool import Connection
from kamao.engine.statements import statement
from kamao.engine.stock.hints import Mark, StockHints
from kamao.engine.stock.types import Allocated
from kamao.kernel.ids import sql_array

_LAST = UUID(int=(1 << 128) - 1)


class Allocator:
    """Locked codes per offer for one transaction; ``ask`` may be called again for other offers."""

    def __init__(self, connection: Connection, hints: StockHints, *, at: datetime) -> None:
        self._connection = connection
        self._hints = hints
        self._at = at
        self._epochs: dict[UUID, int] = {}
        self._free: dict[UUID, list[Allocated]] = {}
        self._sold_to: dict[UUID, Mark] = {}

    def asked(self, offer: UUID) -> bool:
        """Tell whether an offer was asked in this transaction."""
        return offer in self._free

    def ask(self, wanted: Mapping[UUID, int]) -> None:
        """Lock up to the wanted number of free codes of each offer."""
        if not wanted:
            return
        offers = sorted(wanted)
        with self._connection.cursor() as cursor:
            cursor.execute(statement("stock/read_epochs"), (sql_array(offers),))
            self._epochs.update(cursor.fetchall())
        self._take(offers, wanted, "stock/allocate")
        short = [offer for offer in offers if len(self._free[offer]) < wanted[offer]]
        if short:
            for offer in short:
                self._hints.drop(offer)
            self._take(short, wanted, "stock/allocate_waiting")

    def _take(self, offers: list[UUID], wanted: Mapping[UUID, int], name: str) -> None:
        marks = [self._hints.get(offer, self._epochs.get(offer, 0), self._at) for offer in offers]
        for offer in offers:
            self._free[offer] = []
        with self._connection.cursor() as cursor:
            cursor.execute(
                statement(name),
                (
                    sql_array(offers),
                    [wanted[offer] for offer in offers],
                    [self._lower(mark) for mark in marks],
                    sql_array([mark[1] if mark else _LAST for mark in marks]),
                ),
            )
            for offer, code, lot, expires_at, sealed in cursor:
                self._free[offer].append(Allocated(code, lot, expires_at, sealed))

    def _lower(self, mark: Mark | None) -> str:
        if mark is None:
            return self._at.isoformat()
        return "infinity" if mark[0] is None else max(mark[0], self._at).isoformat()

    def left(self, offer: UUID) -> int:
        """Return how many locked codes of an offer are not taken yet."""
        return len(self._free[offer])

    def take(self, offer: UUID, count: int) -> list[Allocated]:
        """Take codes in order; the caller asked ``left`` before."""
        free = self._free[offer]
        taken, self._free[offer] = free[:count], free[count:]
        last = taken[-1]
        self._sold_to[offer] = (last.expires_at, last.id)
        return taken

    def settle_hints(self) -> None:
        """Move the marks past what was taken. Call after commit; after a rollback the marks stay where they are."""
        for offer, mark in self._sold_to.items():
            self._hints.advance(offer, self._epochs.get(offer, 0), self._at, mark)
