"""What can go wrong, as exceptions. One class per thing a program does something different about.

Every answer of the API that is no success is an ``ApiError`` with the stable ``code`` of the problem (RFC
9457). Refuses to guess: where the outcome of an order is not known, the exception says exactly that.
"""

import msgspec


class FieldError(msgspec.Struct, frozen=True):
    """One field that is wrong: a JSON ``pointer`` into the body, or the name of a ``parameter``."""

    detail: str = ""
    pointer: str | None = None
    parameter: str | None = None


class Problem(msgspec.Struct, frozen=True):
    """The body of an error (``application/problem+json``); ``detail`` is in the language asked for."""

    code: str = "unknown"
    status: int = 0
    title: str = ""
    detail: str = ""
    type: str = "about:blank"
    request_id: str = ""
    errors: list[FieldError] = []


class KamaoError(Exception):
    """Base of everything this package raises."""


class ConnectionFailed(KamaoError):
    """No answer arrived, and nothing says whether the request did. Reads may simply be repeated."""


class UnexpectedAnswer(KamaoError):
    """A success whose body is not what this version of the package knows."""


class OutcomeUnknown(KamaoError):
    """An order was sent and no final answer came within the time given.

    It may have been placed. Buy again with the same ``reference``: that gives the first result, never a
    second order.
    """

    def __init__(self, reference: str, message: str) -> None:
        super().__init__(f"the outcome of order {reference} is unknown: {message}")
        self.reference = reference


class SignatureInvalid(KamaoError):
    """A webhook was not signed with this secret, or is too old."""


class ApiError(KamaoError):
    """The API said no. ``problem.code`` is stable; ``retry_after_s`` is set where the API asks to wait."""

    def __init__(self, problem: Problem, *, retry_after_s: float | None = None) -> None:
        where = "; ".join(f"{error.pointer or error.parameter}: {error.detail}" for error in problem.errors)
        super().__init__(
            f"{problem.code} ({problem.status}): {problem.detail or problem.title} {where}".rstrip()
        )
        self.problem = problem
        self.retry_after_s = retry_after_s

    @property
    def code(self) -> str:
        """The stable code, for example ``insufficient_balance``."""
        return self.problem.code

    @property
    def status(self) -> int:
        """The HTTP status."""
        return self.problem.status


class Unauthenticated(ApiError):
    """The key is missing, wrong, expired, revoked or used from an address it is not for."""


class Forbidden(ApiError):
    """The key lacks the scope."""


class InvalidRequest(ApiError):
    """The request itself is wrong; ``problem.errors`` names the fields. Repeating it does not help."""


class NotFound(ApiError):
    """There is no such thing, or it is not yours, or the key is of the other mode."""


class Conflict(ApiError):
    """The present state does not allow it (for example ``not_sellable`` or ``state_conflict``)."""


class ReferenceConflict(Conflict):
    """The reference belongs to an order with other content."""


class PriceAboveLimit(Conflict):
    """The price is above the limit given; nothing was bought."""


class OutOfStock(Conflict):
    """There is not enough stock; nothing was bought and the reference may be used again."""


class InsufficientBalance(ApiError):
    """The wallet does not cover it; nothing was bought and the reference may be used again."""


class RateLimited(ApiError):
    """Too many requests for this key."""


class ServerError(ApiError):
    """The API failed or is overloaded (5xx). Nothing is known about what was sent."""


_BY_CODE: dict[str, type[ApiError]] = {
    "reference_conflict": ReferenceConflict,
    "price_above_limit": PriceAboveLimit,
    "out_of_stock": OutOfStock,
    "insufficient_balance": InsufficientBalance,
}
_BY_STATUS: dict[int, type[ApiError]] = {
    400: InvalidRequest, 401: Unauthenticated, 402: InsufficientBalance, 403: Forbidden, 404: NotFound,
    405: InvalidRequest, 409: Conflict, 413: InvalidRequest, 415: InvalidRequest, 422: InvalidRequest,
    429: RateLimited,
}  # fmt: skip


def error_of(problem: Problem, *, retry_after_s: float | None = None) -> ApiError:
    """Return the exception that fits a problem: by its code where that is special, else by its status."""
    kind = _BY_CODE.get(problem.code) or _BY_STATUS.get(problem.status)
    if kind is None:
        kind = ServerError if problem.status >= 500 else ApiError
    return kind(problem, retry_after_s=retry_after_s)
