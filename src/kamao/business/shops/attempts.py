"""Counting attempts in the database, so that a limit holds over every process and survives a restart.

One row per (key, window), raised by a single upsert. Refuses to keep what was tried: keys are fingerprints.
"""

from datetime import UTC, datetime, timedelta
from typing import Final

import msgspec
from django.db import connection

from kamao.kernel.errors import Refusal

_RAISE: Final = """
INSERT INTO shops_attempt (key, window_start, count) VALUES (%s, %s, 1)
ON CONFLICT (key, window_start) DO UPDATE SET count = shops_attempt.count + 1
RETURNING count
"""
_FORGET: Final = "DELETE FROM shops_attempt WHERE window_start < %s"


class Limit(msgspec.Struct, frozen=True):
    """At most ``most`` attempts in each window of ``window_s`` seconds."""

    most: int
    window_s: int


LOOKUP_BY_ADDRESS: Final = Limit(30, 600)
LOOKUP_BY_CONTACT: Final = Limit(10, 600)
CHECKOUT_BY_ADDRESS: Final = Limit(120, 600)


def count_attempt(key: bytes, *, limit: Limit, at: datetime) -> int:
    """Count one attempt; return how many are left in this window, negative once the limit is passed."""
    seconds = int(at.timestamp())
    start = datetime.fromtimestamp(seconds - seconds % limit.window_s, UTC)
    with connection.cursor() as cursor:
        cursor.execute(_RAISE, [key, start])
        count = cursor.fetchone()[0]
    return limit.most - int(count)


def check_attempt(key: bytes, *, limit: Limit, at: datetime) -> None:
    """Count one attempt and raise the refusal ``rate_limited`` once the limit is passed."""
    if count_attempt(key, limit=limit, at=at) < 0:
        left_s = limit.window_s - int(at.timestamp()) % limit.window_s
        minutes = max(1, -(-left_s // 60))
        raise Refusal(
            "rate_limited",
            retry_after_s=left_s,
            zh=f"操作过于频繁，请 {minutes} 分钟后再试。",
            en=f"Too many attempts; try again in {minutes} min.",
        )


def forget_attempts(*, before: datetime) -> int:
    """Delete windows that ended; called by the worker. Returns how many rows went."""
    with connection.cursor() as cursor:
        cursor.execute(_FORGET, [before - timedelta(days=1)])
        return int(cursor.rowcount)
