"""One call as data, and the reading of its answer; shared by both clients. No network here.

Owns which failures are repeated and how long to wait. Refuses to repeat what could happen twice: a call is
only repeated if it reads, carries an idempotency key, or is an order with its own reference.
"""

import random
from collections.abc import Mapping
from typing import Any, Generic, TypeVar
from urllib.parse import quote

import msgspec

from kamao_client.errors import (
    ApiError,
    ConnectionFailed,
    OutcomeUnknown,
    Problem,
    RateLimited,
    ServerError,
    UnexpectedAnswer,
    error_of,
)

T = TypeVar("T")

PREFIX = "/api/v1"
_PAUSE_FIRST_S = 0.1
_PAUSE_MAX_S = 5.0
_DOUBLINGS_MAX = 10


class Call(msgspec.Struct, Generic[T], frozen=True, kw_only=True):
    """A request to make and the type of its answer.

    ``reference`` is set for orders: they are repeated until the outcome is known or the time is up.
    """

    method: str
    path: str
    answer: type[T]
    query: dict[str, str] = {}
    body: bytes | None = None
    content_type: str = "application/json"
    idempotency_key: str | None = None
    reference: str | None = None
    writes: bool = True
    """False for a POST that only asks."""

    @property
    def is_repeatable(self) -> bool:
        """Whether sending it twice is the same as sending it once."""
        is_named = bool(self.idempotency_key or self.reference)
        return is_named or not self.writes or self.method in {"GET", "PUT", "DELETE"}

    def headers(self) -> dict[str, str]:
        """Headers of this call alone."""
        headers = {}
        if self.body is not None:
            headers["Content-Type"] = self.content_type
        if self.idempotency_key is not None:
            headers["Idempotency-Key"] = f'"{self.idempotency_key}"'
        return headers


def segment(text: str) -> str:
    """Return a text as one segment of a path."""
    return quote(text, safe="")


def encode(value: object) -> bytes:
    """Encode a body, leaving out what is not set."""
    return msgspec.json.encode(value)


def query_of(**parameters: str | int | bool | None) -> dict[str, str]:
    """Return query parameters as text, leaving out what is None."""
    given = {name: value for name, value in parameters.items() if value is not None}
    return {
        name: ("true" if value else "false") if isinstance(value, bool) else str(value)
        for name, value in given.items()
    }


def read_answer(call: Call[T], *, status: int, headers: Mapping[str, str], content: bytes) -> T:
    """Return the decoded answer of a success. Raises ApiError for anything else."""
    if 200 <= status < 300:
        if call.answer is type(None):
            return None
        try:
            return msgspec.json.decode(content, type=call.answer)
        except msgspec.DecodeError as error:
            raise UnexpectedAnswer(f"{call.method} {call.path} was answered in an unknown form") from error
    raise error_of(_problem(status, content), retry_after_s=_seconds(headers.get("retry-after")))


def _problem(status: int, content: bytes) -> Problem:
    try:
        problem = msgspec.json.decode(content, type=Problem)
    except msgspec.DecodeError:  # a proxy in between answered, not the API
        return Problem(status=status, code="unknown", detail=content[:200].decode("utf-8", "replace"))
    return msgspec.structs.replace(problem, status=status)


def _seconds(text: str | None) -> float | None:
    return float(text) if text is not None and text.isascii() and text.isdigit() else None


class Attempts:
    """Decides after each failure of one call whether to try again, and when to give up."""

    def __init__(self, call: Call[Any], *, retry_for_s: float, now_s: float) -> None:
        self._call = call
        self._until_s = now_s + retry_for_s
        self._count = 0
        self._is_uncertain = False

    def pause_after(self, failure: ConnectionFailed | ApiError, *, now_s: float) -> float:
        """Return the seconds to wait before the next attempt.

        Raises the failure itself where repeating cannot help or the time is up, and OutcomeUnknown where an
        order may have been placed.
        """
        self._count += 1
        if isinstance(failure, ConnectionFailed | ServerError):
            self._is_uncertain = True
        elif not _is_passing(failure):
            raise failure
        asked_s = failure.retry_after_s if isinstance(failure, ApiError) else None
        pause_s = _pause_s(self._count, asked_s=asked_s)
        if self._call.is_repeatable and now_s + pause_s <= self._until_s:
            return pause_s
        if self._call.reference is not None and self._is_uncertain:
            raise OutcomeUnknown(self._call.reference, str(failure)) from failure
        raise failure


def _is_passing(error: ApiError) -> bool:
    """Whether the same request may succeed later by itself."""
    return isinstance(error, ServerError | RateLimited) or error.code == "idempotency_in_progress"


def _pause_s(attempt: int, *, asked_s: float | None) -> float:
    """What the API asked for, else a time that grows with each attempt, shortened by chance."""
    if asked_s is not None:
        return asked_s
    grown_s = min(_PAUSE_FIRST_S * (1 << min(attempt - 1, _DOUBLINGS_MAX)), _PAUSE_MAX_S)
    return random.uniform(0.5, 1.0) * grown_s
