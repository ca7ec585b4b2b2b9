"""Cursor lists: ``limit``, ``starting_after``, ``ending_before`` over ids in descending order.

Owns the arithmetic of one more row than asked for. Refuses both cursors at once.
"""

from collections.abc import Callable, Sequence
from typing import Annotated, Any, Final, TypeVar
from uuid import UUID

import msgspec
from litestar.params import QueryParameter

from kamao.kernel import ids
from kamao.kernel.limits import LIST_LIMIT_MAX

T = TypeVar("T")
LIMIT_DEFAULT: Final = 20

Limit = Annotated[int, QueryParameter(ge=1, le=LIST_LIMIT_MAX, description="Objects per page, 1 to 100")]
_BASE32: Final = "0-9A-HJKMNP-TV-Za-hjkmnp-tv-z"


def after(prefix: str) -> QueryParameter:
    """Return the declaration of ``starting_after`` over ids of a prefix."""
    return _cursor(prefix, "Id of the last object seen; gives what follows it")


def before(prefix: str) -> QueryParameter:
    """Return the declaration of ``ending_before`` over ids of a prefix; it gives way to
    ``starting_after``.
    """
    return _cursor(
        prefix, "Id of the first object seen; gives what precedes it. Ignored beside starting_after"
    )


def _cursor(prefix: str, description: str) -> QueryParameter:
    pattern = f"^{prefix}_[0-7][{_BASE32}]{{25}}\\Z"
    return QueryParameter(max_length=32, pattern=pattern, description=description)


class Cursor(msgspec.Struct, frozen=True):
    """Which part of a list is asked for. At most one of the two ends is set."""

    limit: int
    older_than: UUID | None
    newer_than: UUID | None


def cursor_of(
    prefix: str, *, limit: int, starting_after: str | None, ending_before: str | None = None
) -> Cursor:
    """Return the cursor of a request whose parameters have been checked against their patterns."""
    if starting_after is not None:
        return Cursor(limit, ids.decode(prefix, starting_after), None)
    return Cursor(limit, None, None if ending_before is None else ids.decode(prefix, ending_before))


def page_of(rows: Sequence[T], cursor: Cursor) -> tuple[list[T], bool]:
    """Cut rows that were read with ``limit + 1`` to the page; tell whether more follow in the direction asked
    for.

    Rows are in descending order of id in both directions.
    """
    has_more = len(rows) > cursor.limit
    if not has_more:
        return list(rows), False
    return (list(rows[1:]), True) if cursor.newer_than is not None else (list(rows[: cursor.limit]), True)


def page_of_queryset(rows: Any, cursor: Cursor, *, shape: Callable[[Any], T]) -> tuple[list[T], bool]:
    """Read one page of a Django queryset over rows with a UUIDv7 primary key, newest first."""
    if cursor.older_than is not None:
        rows = rows.filter(pk__lt=cursor.older_than)
    if cursor.newer_than is not None:
        found = list(rows.filter(pk__gt=cursor.newer_than).order_by("pk")[: cursor.limit + 1])[::-1]
    else:
        found = list(rows.order_by("-pk")[: cursor.limit + 1])
    page, has_more = page_of(found, cursor)
    return [shape(row) for row in page], has_more
