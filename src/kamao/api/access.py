"""Access logs: one JSON line per request, without keys, bodies or query values.

Owns what a line holds. Orders placed through the lean handler are counted and written once a second as one
line, because each of them is a row of its own already. Refuses to log what a caller sent besides method,
route and status.
"""

import logging
import time
from typing import Final

import msgspec
from prometheus_client import Counter, Histogram

_log: Final = logging.getLogger("kamao.access")
_encode: Final = msgspec.json.Encoder().encode
_requests: Final = Counter("kamao_api_requests_total", "API requests", ["route", "status"])
_seconds: Final = Histogram(
    "kamao_api_seconds", "Seconds until the answer was handed over, orders excepted", ["route"]
)
_FLUSH_S: Final = 1.0


class AccessLog:
    """The log of one process."""

    def __init__(self) -> None:
        self._counts: dict[int, int] = {}
        self._since = time.monotonic()

    def request(self, *, method: str, route: str, status: int, seconds: float, request_id: str) -> None:
        """Write the line of one request: the route it took, not the address, which may open a purchase."""
        name = f"{method} {route}"
        _requests.labels(name, str(status)).inc()
        _seconds.labels(name).observe(seconds)
        line = {
            "method": method, "path": route, "status": status, "ms": round(seconds * 1000, 1),
            "request_id": request_id,
        }  # fmt: skip
        _log.info(_encode(line).decode())

    def order(self, status: int) -> None:
        """Count one order; writes a line when the last one is a second old."""
        counts = self._counts
        counts[status] = counts.get(status, 0) + 1
        now = time.monotonic()
        if now - self._since >= _FLUSH_S:
            self.flush(now)

    def flush(self, now: float) -> None:
        """Write what was counted."""
        counts, self._counts = self._counts, {}
        for status, count in counts.items():
            _requests.labels("POST /api/v1/orders", str(status)).inc(count)
        if counts:
            line = {
                "method": "POST", "path": "/api/v1/orders", "seconds": round(now - self._since, 1),
                "statuses": {str(status): count for status, count in sorted(counts.items())},
            }  # fmt: skip
            _log.info(_encode(line).decode())
        self._since = now
