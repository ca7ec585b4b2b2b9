"""Time as an argument. Owns the clock protocol; refuses to let any rule read the system's time by itself."""

from datetime import UTC, datetime, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

BUSINESS_ZONE = ZoneInfo("Asia/Shanghai")


class Clock(Protocol):
    """Something that tells the time."""

    def now(self) -> datetime:
        """Return the present moment, aware, in UTC."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """Return the present moment in UTC."""
        return datetime.now(UTC)


class ManualClock:
    """A clock that moves only when told to; used by tests, the simulator and the demo's 90 days."""

    def __init__(self, start: datetime) -> None:
        if start.tzinfo is None:
            raise ValueError("a moment needs its time zone")
        self._now = start.astimezone(UTC)

    def now(self) -> datetime:
        """Return the moment set last."""
        return self._now

    def advance(self, by: timedelta) -> datetime:
        """Move forward; time never goes back."""
        if by < timedelta(0):
            raise ValueError("a clock does not go back")
        self._now += by
        return self._now

    def milliseconds(self) -> int:
        """Return the moment as milliseconds since 1970, for ``SeededIds``."""
        return int(self._now.timestamp() * 1000)


def business_day(moment: datetime, zone: ZoneInfo = BUSINESS_ZONE) -> datetime:
    """Return the start (UTC) of the business day that holds a moment."""
    local = moment.astimezone(zone)
    return local.replace(hour=0, minute=0, second=0, microsecond=0).astimezone(UTC)
