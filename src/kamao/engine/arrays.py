"""PostgreSQL arrays in the wire's binary form for the hot path: cheaper to make than to adapt element by
element, and several times cheaper for the server to read than their literals.

Owns the layout of ``array_recv`` (one dimension, lower bound 1): dimensions, a flag for NULLs, the element's
type, the count, the bound, then each element behind its length, −1 for NULL. The server refuses an array
whose element type is not exactly the one its statement names.
"""

import struct
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from typing import Final, TypeVar
from uuid import UUID

_Value = TypeVar("_Value", str, datetime)

_HEAD: Final = struct.Struct(">iiIii").pack
_NULL: Final = b"\xff\xff\xff\xff"
BIGINT, INTEGER, TEXT, UUIDS = 20, 23, 25, 2950
"""Types of elements, by the server's numbers."""
_BOOL, _BYTEA, _SMALLINT, _TIMESTAMPTZ = 16, 17, 21, 1184
_16, _8, _4, _2 = (size.to_bytes(4, "big") for size in (16, 8, 4, 2))
_TRUE, _FALSE = b"\x00\x00\x00\x01\x01", b"\x00\x00\x00\x01\x00"
_EPOCH: Final = datetime(2000, 1, 1, tzinfo=UTC)
_NEVER: Final = _8 + ((1 << 63) - 1).to_bytes(8, "big")


def _array(kind: int, parts: Sequence[bytes]) -> bytes:
    """Put elements, each with its length, behind their head. NULLs are found by the elements' own lengths."""
    if not parts:
        return struct.pack(">iiI", 0, 0, kind)
    return _HEAD(1, 1 if _NULL in parts else 0, kind, len(parts), 1) + b"".join(parts)


def _fixed(kind: int, length: bytes, elements: list[bytes]) -> bytes:
    """As ``_array`` for elements of one length, none of them NULL."""
    if not elements:
        return struct.pack(">iiI", 0, 0, kind)
    return _HEAD(1, 0, kind, len(elements), 1) + length + length.join(elements)


def _nulls(kind: int, count: int) -> bytes:
    return _HEAD(1, 1, kind, count, 1) + _NULL * count


def _each_once(
    values: Iterable[_Value | None], cell: Callable[[_Value], bytes], *, null: bytes
) -> list[bytes]:
    """Return the cells of values, each distinct one laid out once: a batch has few states and moments."""
    known: dict[_Value | None, bytes] = {None: null}
    parts = []
    for value in values:
        part = known.get(value)
        if part is None:
            assert value is not None, "NULL is known"
            part = known[value] = cell(value)
        parts.append(part)
    return parts


def _is_empty_column(values: Sequence[object]) -> bool:
    """Tell whether there are values and all of them are NULL: most columns of most orders."""
    return bool(values) and values[0] is None and values.count(None) == len(values)


def columns(kinds: Iterable[int], rows: Iterable[tuple[bytes, ...]]) -> list[bytes]:
    """Return an array of each kind from rows of cells that lie there ready; there is at least one row."""
    return [_array(kind, cells) for kind, cells in zip(kinds, zip(*rows, strict=True), strict=True)]


def id_cell(value: UUID | None) -> bytes:
    """Return one element of ``uuid[]``."""
    return _NULL if value is None else _16 + value.int.to_bytes(16, "big")


def bigint_cell(value: int | None) -> bytes:
    """Return one element of ``bigint[]``."""
    return _NULL if value is None else _8 + value.to_bytes(8, "big", signed=True)


def integer_cell(value: int | None) -> bytes:
    """Return one element of ``integer[]``."""
    return _NULL if value is None else _4 + value.to_bytes(4, "big", signed=True)


def text_cell(value: str | None) -> bytes:
    """Return one element of ``text[]``."""
    return _NULL if value is None else _sized(value.encode())


def ids(values: Sequence[UUID]) -> bytes:
    """Return ``uuid[]``."""
    return _fixed(UUIDS, _16, [value.int.to_bytes(16, "big") for value in values])


def maybe_ids(values: Sequence[UUID | None]) -> bytes:
    """Return ``uuid[]`` with NULLs."""
    if _is_empty_column(values):
        return _nulls(UUIDS, len(values))
    return _array(UUIDS, [id_cell(value) for value in values])


def raw_ids(values: list[bytes]) -> bytes:
    """Return ``uuid[]`` of ids given as their 16 bytes."""
    return _fixed(UUIDS, _16, values)


def id_numbers(numbers: Iterable[int]) -> bytes:
    """Return ``uuid[]`` of ids given as their 128-bit numbers, the form in which hot look-ups keep them."""
    return _fixed(UUIDS, _16, [number.to_bytes(16, "big") for number in numbers])


def bigints(values: Sequence[int | None]) -> bytes:
    """Return ``bigint[]``."""
    if _is_empty_column(values):
        return _nulls(BIGINT, len(values))
    return _array(BIGINT, [bigint_cell(value) for value in values])


def integers(values: Sequence[int | None]) -> bytes:
    """Return ``integer[]``."""
    if _is_empty_column(values):
        return _nulls(INTEGER, len(values))
    return _array(INTEGER, [integer_cell(value) for value in values])


def smallints(values: Iterable[int]) -> bytes:
    """Return ``smallint[]``."""
    return _array(_SMALLINT, [_2 + value.to_bytes(2, "big", signed=True) for value in values])


def booleans(values: Iterable[bool]) -> bytes:
    """Return ``boolean[]``."""
    return _array(_BOOL, [_TRUE if value else _FALSE for value in values])


def texts(values: Sequence[str | None]) -> bytes:
    """Return ``text[]``."""
    if _is_empty_column(values):
        return _nulls(TEXT, len(values))
    return _array(TEXT, _each_once(values, text_cell, null=_NULL))


def bytes_of(values: Sequence[bytes | None]) -> bytes:
    """Return ``bytea[]``."""
    if _is_empty_column(values):
        return _nulls(_BYTEA, len(values))
    return _array(_BYTEA, [_NULL if value is None else _sized(value) for value in values])


def _sized(value: bytes) -> bytes:
    return len(value).to_bytes(4, "big") + value


def moments(values: Iterable[datetime | None], *, never: bool = False) -> bytes:
    """Return ``timestamptz[]``; None is NULL, or infinity where it means ``never``."""
    return _array(_TIMESTAMPTZ, _each_once(values, moment, null=_NEVER if never else _NULL))


def moment(value: datetime | None) -> bytes:
    """Return one ``timestamptz`` behind its length, as in an array or a row of a binary COPY; None: never."""
    if value is None:
        return _NEVER
    since = value - _EPOCH
    microseconds = (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds
    return _8 + microseconds.to_bytes(8, "big", signed=True)
