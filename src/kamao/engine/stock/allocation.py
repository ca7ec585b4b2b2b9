"""Locking free codes for a batch: one statement per round, each offer asked once with its summed quantity.

Earliest expiry first, then import order. Refuses to call an offer empty because a neighbour holds its last
codes for a moment: when a round comes up short, the offers that were short are asked once more, waiting for
those locks.
"""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from kamao.engine.arrays import integers, texts
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
        stale = self._take(offers, wanted, "stock/allocate")
        again = [offer for offer in offers if offer in stale or len(self._free[offer]) < wanted[offer]]
        if again:
            for offer in again:
                self._hints.drop(offer)
            self._take(again, wanted, "stock/allocate_waiting")

    def _take(self, offers: list[UUID], wanted: Mapping[UUID, int], name: str) -> set[UUID]:
        """Lock codes from each offer's mark on; return the offers whose mark turned out to be of an earlier
        epoch.
        """
        marks = [self._hints.get(offer, self._at) for offer in offers]
        started = {offer: mark[0] for offer, mark in zip(offers, marks, strict=True) if mark}
        for offer in offers:
            self._free[offer] = []
        with self._connection.cursor() as cursor:
            cursor.execute(
                statement(name),
                (
                    sql_array(offers),
                    integers([wanted[offer] for offer in offers]),
                    texts([self._lower(mark) for mark in marks]),
                    sql_array([mark[1][1] if mark else _LAST for mark in marks]),
                ),
            )
            for offer, epoch, code, lot, expires_at, sealed in cursor:
                self._epochs[offer] = epoch
                self._free[offer].append(Allocated(code, lot, expires_at, sealed))
        return {offer for offer, epoch in started.items() if self._epochs.get(offer, epoch) != epoch}

    def _lower(self, mark: tuple[int, Mark] | None) -> str:
        if mark is None:
            return self._at.isoformat()
        expires_at = mark[1][0]
        return "infinity" if expires_at is None else max(expires_at, self._at).isoformat()

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
        """Move the marks past what was taken. Call after commit; after a rollback the marks stay where they
        are.
        """
        for offer, mark in self._sold_to.items():
            self._hints.advance(offer, self._epochs.get(offer, 0), self._at, mark)
