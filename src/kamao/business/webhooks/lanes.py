"""The sender's picture of each receiver: how much it is trusted with at once.

Owns the window that grows while a receiver is quick and falls to one while it is slow or away, so that one
slow receiver holds little of the sender and never delays another. Refuses to remember anything worth
keeping: the database does that.
"""

from collections import deque
from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec

WINDOW_DEFAULT: Final = 8
WINDOW_MAX: Final = 512
PARALLEL_MAX: Final = 16
"""Requests in flight to one endpoint."""
_SLOW_MS: Final = 2_000


class Claimed(msgspec.Struct, frozen=True):
    """A delivery in hand: what to send, where, and where its schedule stands."""

    id: UUID
    endpoint: UUID
    attempts_made: int
    resume_at: datetime | None
    message: UUID
    body: bytes
    url: str
    is_own_address: bool
    """The address came with an order: what it answers says nothing about the endpoint."""
    keys: tuple[bytes, ...]


class Lane:
    """One receiver's queue, window and health within this process."""

    __slots__ = (
        "endpoint", "failing_since", "is_gone", "running", "throttled_until", "throttles_in_row", "used_at_s",
        "waiting", "window",
    )  # fmt: skip

    def __init__(self, endpoint: UUID, *, failing_since: datetime | None, throttles_in_row: int) -> None:
        self.endpoint = endpoint
        self.waiting: deque[Claimed] = deque()
        self.running = 0
        self.window = 1 if failing_since else WINDOW_DEFAULT
        self.failing_since = failing_since
        self.throttles_in_row = throttles_in_row
        self.throttled_until: datetime | None = None
        self.is_gone = False
        self.used_at_s = 0.0
        """Moment of the last claim on the event loop's clock; long idle lanes are forgotten."""

    @property
    def in_hand(self) -> int:
        """Deliveries claimed and not finished."""
        return len(self.waiting) + self.running

    @property
    def room(self) -> int:
        """How many more may be claimed."""
        return max(0, self.window - self.in_hand)

    def widen(self, latency_ms: int) -> None:
        """After a success: trust a quick receiver with more, a slow one with less."""
        if latency_ms > _SLOW_MS:
            self.window = max(1, self.window // 2)
        else:
            self.window = min(WINDOW_MAX, self.window + 2)

    def close_down(self) -> list[UUID]:
        """The receiver is away: go on with one at a time and return what to give back untried."""
        self.window = 1
        untried = [claimed.id for claimed in self.waiting]
        self.waiting.clear()
        return untried
