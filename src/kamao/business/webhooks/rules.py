"""What follows from one attempt at a delivery: pure rules, no clock and no network of their own.

Owns the retry schedule, the reading of a reply and of ``Retry-After``. Refuses to call anything but a 2xx a
success. Source: Standard Webhooks 1.0.0, "Operational considerations".
"""

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Final

import msgspec

RETRY_DELAYS_S: Final = (0, 5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400)
"""Seconds before each attempt, counted from the one before; the last ends 75 h 35 min 5 s after the first."""
ATTEMPTS_MAX: Final = len(RETRY_DELAYS_S)
JITTER_SHARE: Final = 0.1
"""A delay is stretched by up to this share, so that a receiver coming back is not met by one wave."""
RETRY_AFTER_MAX_S: Final = 3_600
REPLAY_DAYS: Final = 30
PAYLOAD_BYTES_MAX: Final = 20_000
_THROTTLE_STEPS_S: Final = (5, 15, 60, 180, 300)
_THROTTLING: Final = frozenset({429, 502, 504})
_DOWN_FAULTS: Final = frozenset({"unresolved", "unreachable", "timeout"})
DOWN_OUTCOMES: Final = (*sorted(_DOWN_FAULTS), "throttled", "unavailable")
"""Outcomes that say the receiver was away: what they delayed is brought forward once it answers again."""


class Verdict(msgspec.Struct, frozen=True):
    """How an attempt ended.

    ``outcome``: ``delivered``, ``redirected``, ``gone``, ``throttled``, ``unavailable`` (503), ``refused``
    (any other status) or the transport's fault. ``is_down`` says that the receiver as a whole seems away,
    not that it disliked one message.
    """

    outcome: str
    is_delivered: bool = False
    is_gone: bool = False
    is_throttled: bool = False
    is_down: bool = False


def read_reply(status: int | None, fault: str | None) -> Verdict:
    """Judge a reply: 2xx is success, 3xx failure, 410 ends the endpoint, 429/502/504 slow it down."""
    if status is None:
        outcome = fault or "unreachable"
        return Verdict(outcome, is_down=outcome in _DOWN_FAULTS)
    if 200 <= status < 300:
        return Verdict("delivered", is_delivered=True)
    if status == 410:
        return Verdict("gone", is_gone=True)
    if status in _THROTTLING:
        return Verdict("throttled", is_throttled=True, is_down=True)
    if status == 503:
        return Verdict("unavailable", is_down=True)
    return Verdict("redirected" if 300 <= status < 400 else "refused")


def retry_after_s(text: str | None, at: datetime) -> int | None:
    """Read a Retry-After header (seconds or an HTTP date); None where absent or unreadable; at most an
    hour.
    """
    if text is None:
        return None
    text = text.strip()
    if text.isascii() and text.isdigit():
        return min(int(text[:9]), RETRY_AFTER_MAX_S)
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError):
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(0, min(int((moment - at).total_seconds()), RETRY_AFTER_MAX_S))


def next_attempt_at(
    attempts_made: int, *, at: datetime, jitter: float, wait_s: int | None = None
) -> datetime | None:
    """Return when to try again after ``attempts_made`` scheduled attempts, or None where they are used up.

    ``jitter`` is a random number in 0..1 given by the caller; ``wait_s`` (Retry-After) can only delay.
    """
    if attempts_made >= ATTEMPTS_MAX:
        return None
    delay_s = RETRY_DELAYS_S[attempts_made] * (1 + JITTER_SHARE * jitter)
    return at + timedelta(seconds=max(delay_s, wait_s or 0))


def throttled_until(throttles_in_row: int, *, at: datetime, wait_s: int | None) -> datetime:
    """Return until when a throttling endpoint gets nothing: what it asked for, else ever longer up to 5
    min.
    """
    step_s = _THROTTLE_STEPS_S[min(throttles_in_row, len(_THROTTLE_STEPS_S)) - 1]
    return at + timedelta(seconds=wait_s if wait_s is not None else step_s)
