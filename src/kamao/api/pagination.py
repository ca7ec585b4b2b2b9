"""Cursor lists: ``limit``, ``starting_after``, ``ending_before`` over ids in descending order.

Owns the arithmetic of one more row than asked for. Refuses both cursors at once.
"""

from collections.abc import Callable, Sequence
from typing import Annotated, Any, Final, TypeVar
from uuid import UUID

import msgspec
from litestar.params import QueryParameter

from kamao.api.errors import ParameterRefusal
from kamao.kernel import ids
from kamao.kernel.limits import LIST_LIMIT_MAX

T = TypeVar("T")
LIMIT_DEFAULT: Final = 20

Limit = Annotated[int, QueryParameter(ge=1, le=LIST_LIMIT_MAX, description="Objects per page, 1 to 100")]
StartingAfter = Annotated[
    str | None, QueryParameter(max_length=64, description="Id of the last object seen; gives what follows it (older)")
]
EndingBefore = Annotated[
    str | None, QueryParameter(max_length=64, description="Id of the first object seen; gives what precedes it (newer)")
]


class Cursor(msgspec.Struct, frozen=True):
    """Which part of a list is asked for. At most one of the two ends is set."""

    limit: int
    older_than: UUID | None
    newer_than: UUID | None


def cursor_of(prefix: str, *, limit: int, starting_after: str | None, ending_before: str | None) -> Cursor:
    """Return the cursor of a request. Raises Refusal ``invalid`` naming the parameter."""
    check_one_end(starting_after, ending_before)
    return Cursor(
        limit,
        _end(prefix, "starting_after", starting_after),
        _end(prefix, "ending_before", ending_before),
    )


def check_one_end(starting_after: object, ending_before: object) -> None:
    """Raise ``invalid`` where both ends are given."""
    if starting_after is not None and ending_before is not None:
        raise ParameterRefusal(
            [("ending_before", "不能与 starting_after 同时使用", "Cannot be combined with starting_after")]
        )


def _end(prefix: str, name: str, text: str | None) -> UUID | None:
    if text is None:
        return None
    value = ids.decode(prefix, text)
    if value is None:
        raise ParameterRefusal([(name, f"应为 {prefix}_ 开头的编号", f"Expected an id that starts with {prefix}_")])
    return value


def page_of(rows: Sequence[T], cursor: Cursor) -> tuple[list[T], bool]:
    """Cut rows that were read with ``limit + 1`` to the page; tell whether more follow in the direction asked for.

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
