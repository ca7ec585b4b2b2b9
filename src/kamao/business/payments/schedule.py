"""How long to wait before asking again. Pure; refuses to wait for ever or to hammer."""

from datetime import datetime, timedelta
from typing import Final

_QUERY_S: Final = (5, 10, 15, 30, 60, 120, 300)
_CLOSE_S: Final = (2, 5, 10, 30, 60, 120, 300, 600)
_REFUND_S: Final = (2, 5, 10, 30, 60, 300, 600, 1800)
_REFUSED_S: Final = (60, 600, 3600, 21_600, 86_400)


def _after(at: datetime, *, pauses: tuple[int, ...], count: int) -> datetime:
    return at + timedelta(seconds=pauses[min(count, len(pauses) - 1)])


def next_query(at: datetime, *, checks: int, expires_at: datetime) -> datetime:
    """When to query an open order again: soon at first, at its expiry at the latest."""
    return max(min(_after(at, pauses=_QUERY_S, count=checks), expires_at), at + timedelta(seconds=1))


def next_close(at: datetime, *, checks: int) -> datetime:
    """When to repeat a close whose answer is unknown."""
    return _after(at, pauses=_CLOSE_S, count=checks)


def next_refund_check(at: datetime, *, checks: int) -> datetime:
    """When to ask again about a refund without a final answer."""
    return _after(at, pauses=_REFUND_S, count=checks)


def next_refused_try(at: datetime, *, sends: int) -> datetime:
    """When to try a refused refund again: the buyer's money must go back, so it never ends."""
    return _after(at, pauses=_REFUSED_S, count=sends)
