"""Locking free codes for a batch: one statement per round, each offer asked once with its summed quantity.

Earliest expiry first, then import order. Refuses to call an offer empty because a neighbour holds its last
codes for a moment: when a round comes up short, the offers that were short are asked once more, waiting for
those locks.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from kamao.engine.arrays import ids, integers, moments
from kamao.engine.burst import Answer, Burst
from kamao.engine.pool import Connection
from kamao.engine.stock.hints import Mark, StockHints
from kamao.engine.stock.shelves import Shelves
from kamao.engine.stock.types import Allocated

_LAST = UUID(int=(1 << 128) - 1)


class _Shelf:
    """Locked codes of one offer, taken from the front."""

    __slots__ = ("codes", "epoch", "offer", "taken")

    def __init__(self, offer: UUID) -> None:
        self.offer = offer
        self.epoch = 0
        self.codes: list[Allocated] = []
        self.taken = 0


class Asked(NamedTuple):
    """Offers that a burst asks for codes, with the marks from which they are looked for."""

    offers: list[UUID]
    wanted: Mapping[UUID, int]
    marks: list[tuple[int, Mark] | None]
    answer: Answer


class Allocator:
    """Locked codes per offer for one transaction; ``ask`` may be called again for other offers.

    Shelves are kept by the id's number: hashing a UUID object costs more than anything else done here per
    order.
    """

    def __init__(self, connection: Connection, hints: StockHints, *, at: datetime) -> None:
        self._connection = connection
        self._hints = hints
        self._at = at
        self._shelves: dict[int, _Shelf] = {}

    @property
    def offers(self) -> list[int]:
        """Numbers of the offers that were asked."""
        return list(self._shelves)

    def has(self, offer: UUID, quantity: int) -> bool:
        """Tell whether that many locked codes of an offer are left."""
        return self.asked(offer) and self.left(offer) >= quantity

    def asked(self, offer: UUID) -> bool:
        """Tell whether an offer was asked in this transaction."""
        return offer.int in self._shelves

    def ask(self, wanted: Mapping[UUID, int]) -> None:
        """Lock up to the wanted number of free codes of each offer."""
        if wanted:
            burst = Burst(self._connection)
            asked = self.ask_with(burst, wanted)
            burst.send()
            self.settle(asked)

    def ask_with(self, burst: Burst, wanted: Mapping[UUID, int]) -> Asked:
        """Let a burst lock codes of offers; hand what comes back to ``settle`` once it was sent."""
        return self._ask(burst, sorted(wanted), wanted, "stock/allocate")

    def settle(self, asked: Asked) -> None:
        """Put the locked codes on their shelves; offers that came up short are asked once more, waiting for
        neighbours.
        """
        stale = self._shelve(asked)
        again = [offer for offer in asked.offers if offer in stale or self.left(offer) < asked.wanted[offer]]
        if again:
            for offer in again:
                self._hints.drop(offer)
            burst = Burst(self._connection)
            second = self._ask(burst, again, asked.wanted, "stock/allocate_waiting")
            burst.send()
            self._shelve(second)

    def _ask(self, burst: Burst, offers: list[UUID], wanted: Mapping[UUID, int], name: str) -> Asked:
        marks = [self._hints.get(offer, self._at) for offer in offers]
        answer = burst.ask(
            name,
            ids(offers),
            integers([wanted[offer] for offer in offers]),
            moments([self._lower(mark) for mark in marks], never=True),
            ids([mark[1][1] if mark else _LAST for mark in marks]),
        )
        return Asked(offers, wanted, marks, answer)

    def _shelve(self, asked: Asked) -> set[UUID]:
        """Keep what was locked; return the offers whose mark turned out to be of an earlier epoch."""
        for offer in asked.offers:
            self._shelves[offer.int] = _Shelf(offer)
        for offer, epoch, code, lot, expires_at, sealed in asked.answer.rows:
            shelf = self._shelves[offer.int]
            shelf.epoch = epoch
            shelf.codes.append(Allocated(code, lot, expires_at, sealed))
        return {
            offer
            for offer, mark in zip(asked.offers, asked.marks, strict=True)
            if mark is not None and self._shelves[offer.int].epoch not in (0, mark[0])
        }

    def _lower(self, mark: tuple[int, Mark] | None) -> datetime | None:
        """Return the expiry from which to look on, None for codes that never expire."""
        if mark is None:
            return self._at
        expires_at = mark[1][0]
        return None if expires_at is None else max(expires_at, self._at)

    def left(self, offer: UUID) -> int:
        """Return how many locked codes of an offer are not taken yet."""
        shelf = self._shelves[offer.int]
        return len(shelf.codes) - shelf.taken

    def take(self, offer: UUID, count: int) -> list[Allocated]:
        """Take codes in order; the caller asked ``left`` before."""
        shelf = self._shelves[offer.int]
        begin = shelf.taken
        shelf.taken += count
        return shelf.codes[begin : shelf.taken]

    def remember(self, shelves: Shelves) -> list[int]:
        """Note on the process's shelves what is being sold; return the offers' numbers."""
        sold = [shelf for shelf in self._shelves.values() if shelf.taken]
        for shelf in sold:
            shelves.begin(shelf.offer, shelf.epoch, shelf.codes[shelf.taken - 1])
        return [shelf.offer.int for shelf in sold]

    def settle_hints(self) -> None:
        """Move the marks past what was taken. Call after commit; after a rollback the marks stay where they
        are.
        """
        for shelf in self._shelves.values():
            if shelf.taken:
                last = shelf.codes[shelf.taken - 1]
                self._hints.advance(shelf.offer, shelf.epoch, self._at, (last.expires_at, last.id))
