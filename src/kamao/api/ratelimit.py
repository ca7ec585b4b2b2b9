"""Rate limits of API keys: a token bucket per key, in this process alone.

Owns the counting. It is per process and says so in the documentation: with two web processes a key may reach
twice its limit for a moment, which is what a limit against runaway loops can afford, and no request waits for
a shared counter. Refuses to count keys without a limit: the demo's live keys and those an operator has freed.
"""

import math
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Final
from uuid import UUID

import msgspec

WINDOW_S: Final = 60
_BUCKETS_MAX: Final = 20_000


class Standing(msgspec.Struct, frozen=True):
    """Where a key stands after a request: its limit per minute, what is left, and seconds until one more is
    free.
    """

    limit: int
    remaining: int
    reset_s: int
    is_allowed: bool

    def headers(self) -> list[tuple[bytes, bytes]]:
        """Return the RateLimit header fields of the IETF httpapi draft."""
        return [
            (b"ratelimit-policy", f'"minute";q={self.limit};w={WINDOW_S}'.encode()),
            (b"ratelimit", f'"minute";r={self.remaining};t={self.reset_s}'.encode()),
        ]


class RateLimiter:
    """Buckets that hold a minute's requests and refill evenly. Used on the event loop only, so it needs no
    lock.
    """

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._buckets: OrderedDict[UUID, tuple[float, float]] = OrderedDict()

    def take(self, key: UUID, *, limit: int) -> Standing:
        """Count one request of a key with a limit per minute."""
        now = self._monotonic()
        tokens, since = self._buckets.get(key, (float(limit), now))
        rate = limit / WINDOW_S
        tokens = min(float(limit), tokens + (now - since) * rate)
        is_allowed = tokens >= 1
        if is_allowed:
            tokens -= 1
        self._buckets[key] = (tokens, now)
        self._buckets.move_to_end(key)
        if len(self._buckets) > _BUCKETS_MAX:
            self._buckets.popitem(last=False)
        left = int(tokens)
        reset_s = 0 if left >= 1 else max(1, math.ceil((1 - tokens) / rate))
        return Standing(limit, left, reset_s, is_allowed)
