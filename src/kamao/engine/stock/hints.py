"""Low-water marks: where allocation starts looking. Owns a hint per offer and process; correctness never
needs one.

Sold codes leave dead index entries until vacuum, so a scan from the beginning gets slower with every sale. A
mark says "everything up to here was free and is gone". Marks are dropped when the offer's epoch moves
(import, release, return), when an allocation comes up short, and after a minute, so that a code behind a mark
is found again.
"""

import threading
from datetime import datetime, timedelta
from uuid import UUID

Mark = tuple[datetime | None, UUID]
_LIFE = timedelta(seconds=60)
_MARKS_MAX = 100_000


class StockHints:
    """Marks of one process and cell; safe under threads."""

    def __init__(self) -> None:
        self._marks: dict[UUID, tuple[int, datetime, Mark]] = {}
        self._lock = threading.Lock()

    def get(self, offer: UUID, at: datetime) -> tuple[int, Mark] | None:
        """Return the epoch and mark of an offer while they are young; whoever uses them compares the
        epoch.
        """
        found = self._marks.get(offer)
        if found is None or at - found[1] > _LIFE:
            return None
        return found[0], found[2]

    def advance(self, offer: UUID, epoch: int, at: datetime, mark: Mark) -> None:
        """Move a mark forward after the transaction that sold up to it; the life counts from the first
        mark.
        """
        with self._lock:
            if len(self._marks) > _MARKS_MAX:
                self._marks.clear()
            found = self._marks.get(offer)
            if found is None or found[0] != epoch or at - found[1] > _LIFE:
                self._marks[offer] = (epoch, at, mark)
            elif is_before(found[2], mark):
                self._marks[offer] = (epoch, found[1], mark)

    def drop(self, offer: UUID) -> None:
        """Forget an offer's mark."""
        with self._lock:
            self._marks.pop(offer, None)


def is_before(left: Mark, right: Mark) -> bool:
    """Order marks as the index does: expiry first (never is last), then id."""
    if left[0] == right[0]:
        return left[1] < right[1]
    if left[0] is None or right[0] is None:
        return right[0] is None
    return left[0] < right[0]
