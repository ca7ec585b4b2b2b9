"""Shelves: the next free codes of each offer as a process remembers them. A memory, never a reservation.

Reading codes many at a time, ahead of the orders, costs a fraction of asking for each batch. Nothing is
promised by it: whoever sells from a shelf lets the database insist that every code was still free and that
the offer's epoch is the one the shelf was read under (``stock/insist``), and forgets the shelf when it was
not. Owns how far to read ahead. Refuses to guess: an offer without a shelf, or with too little on it, is not
known.

Not safe under threads: one thread at a time works with it (see ``trade.memory``).
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final, NamedTuple
from uuid import UUID

from kamao.engine.stock.hints import Mark, is_before
from kamao.engine.stock.types import Allocated

_STEP_MIN: Final = 16
_STEP_MAX: Final = 256
_CODES_MAX: Final = 120_000
"""Codes on all shelves of a process, some 60 MB; beyond it the shelves that were filled longest ago go."""


class ReadAhead(NamedTuple):
    """A wish for the next codes of an offer behind a mark."""

    offer: UUID
    wanted: int
    mark: Mark
    sold: Mark
    """The last code sold so far."""


class _Shelf:
    """Free codes of one offer in the order of their sale, ``taken`` of them given away."""

    __slots__ = ("codes", "end", "epoch", "is_asked", "is_whole", "offer", "sold", "step", "taken")

    def __init__(self, offer: UUID, epoch: int, end: Mark) -> None:
        self.offer = offer
        self.epoch = epoch
        self.codes: list[Allocated] = []
        self.taken = 0
        self.sold = end
        self.end = end
        """The last code read, whether it still lies here or not."""
        self.step = _STEP_MIN
        self.is_asked = False
        self.is_whole = False
        """Whether the offer had no further codes when it was read."""


class Shelves:
    """The shelves of one process and cell."""

    def __init__(self) -> None:
        self._shelves: dict[int, _Shelf] = {}
        self._held = 0

    def left(self, offer: UUID, at: datetime) -> int:
        """Return how many unexpired codes of an offer are known to be next."""
        shelf = self._shelves.get(offer.int)
        if shelf is None:
            return 0
        codes = shelf.codes
        while shelf.taken < len(codes):
            expires_at = codes[shelf.taken].expires_at
            if expires_at is None or expires_at > at:
                break
            shelf.taken += 1
        return len(codes) - shelf.taken

    def take(self, offer: UUID, count: int) -> list[Allocated]:
        """Take codes in their order; the caller asked ``left`` before."""
        shelf = self._shelves[offer.int]
        begin = shelf.taken
        shelf.taken += count
        taken = shelf.codes[begin : shelf.taken]
        shelf.sold = _mark(taken[-1])
        return taken

    def epochs(self, offers: Iterable[int]) -> tuple[list[UUID], list[int]]:
        """Return offers, given by number, and the epochs that their shelves were read under."""
        shelves = [self._shelves[offer] for offer in offers]
        return [shelf.offer for shelf in shelves], [shelf.epoch for shelf in shelves]

    def begin(self, offer: UUID, epoch: int, sold: Allocated) -> None:
        """Note that everything of an offer up to this code was sold in this process, in whatever way."""
        mark = (sold.expires_at, sold.id)
        shelf = self._shelves.get(offer.int)
        if shelf is None or shelf.epoch != epoch:
            self.drop(offer.int)
            self._shelves[offer.int] = _Shelf(offer, epoch, mark)
            return
        while shelf.taken < len(shelf.codes) and not is_before(mark, _mark(shelf.codes[shelf.taken])):
            shelf.taken += 1
        if is_before(shelf.sold, mark):
            shelf.sold = mark
        if is_before(shelf.end, mark):
            shelf.end = mark

    def wishes(self, offers: Iterable[int]) -> list[ReadAhead]:
        """Return what should be read ahead of these offers, given by number, each asked for once until
        ``put``.
        """
        found = []
        for offer in offers:
            shelf = self._shelves.get(offer)
            if shelf is None or shelf.is_asked or shelf.is_whole:
                continue
            if (len(shelf.codes) - shelf.taken) * 2 < shelf.step:
                shelf.is_asked = True
                found.append(ReadAhead(shelf.offer, shelf.step, shelf.end, shelf.sold))
        return found

    def put(self, wish: ReadAhead, epoch: int, codes: Sequence[Allocated]) -> None:
        """Put what was read for a wish behind what lies on its shelf; useless if the shelf has changed
        meanwhile.
        """
        shelf = self._shelves.get(wish.offer.int)
        if shelf is None or not shelf.is_asked:
            return
        shelf.is_asked = False
        if shelf.epoch != epoch:
            self.drop(wish.offer.int)
            return
        before = len(shelf.codes)
        shelf.is_whole = len(codes) < wish.wanted
        shelf.step = min(shelf.step * 2, _STEP_MAX)
        # What was sold in another way since the wish lies before the shelf's present end.
        fresh = [code for code in codes if shelf.end is wish.mark or is_before(shelf.end, _mark(code))]
        shelf.codes = shelf.codes[shelf.taken :] + fresh
        shelf.taken = 0
        if fresh:
            shelf.end = _mark(fresh[-1])
        self._held += len(shelf.codes) - before
        # The order of the dictionary is the order of filling.
        self._shelves[wish.offer.int] = self._shelves.pop(wish.offer.int)
        while self._held > _CODES_MAX:
            self.drop(next(iter(self._shelves)))

    def drop(self, offer: int) -> None:
        """Forget an offer, given by number."""
        shelf = self._shelves.pop(offer, None)
        if shelf is not None:
            self._held -= len(shelf.codes)


def _mark(code: Allocated) -> Mark:
    return code.expires_at, code.id
