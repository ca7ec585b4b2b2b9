"""PostgreSQL arrays in the wire's binary form for the hot path: cheaper to make than to adapt element by
element, and several times cheaper for the server to read than their literals.

Owns the layout of ``array_recv`` (one dimension, lower bound 1): dimensions, a flag for NULLs, the element's
type, the count, the bound, then each element behind its length, −1 for NULL. The server refuses an array
whose element type is not exactly the one its statement names.
"""

import struct
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

_HEAD: Final = struct.Struct(">iiIii").pack
_NULL: Final = b"\xff\xff\xff\xff"
_BOOL, _BYTEA, _BIGINT, _SMALLINT, _INTEGER, _TEXT = 16, 17, 20, 21, 23, 25
_TIMESTAMPTZ, _UUID = 1184, 2950
_16, _8, _4, _2 = (size.to_bytes(4, "big") for size in (16, 8, 4, 2))
_TRUE, _FALSE = b"\x00\x00\x00\x01\x01", b"\x00\x00\x00\x01\x00"
_EPOCH: Final = datetime(2000, 1, 1, tzinfo=UTC)
_NEVER: Final = _8 + ((1 << 63) - 1).to_bytes(8, "big")


def _array(kind: int, parts: list[bytes]) -> bytes:
    """Put elements, each with its length, behind their head. NULLs are found by the elements' own lengths."""
    if not parts:
        return struct.pack(">iiI", 0, 0, kind)
    return _HEAD(1, 1 if _NULL in parts else 0, kind, len(parts), 1) + b"".join(parts)


def ids(values: Iterable[UUID | None]) -> bytes:
    """Return ``uuid[]``."""
    return _array(
        _UUID, [_NULL if value is None else _16 + value.int.to_bytes(16, "big") for value in values]
    )


def id_numbers(numbers: Iterable[int]) -> bytes:
    """Return ``uuid[]`` of ids given as their 128-bit numbers, the form in which hot look-ups keep them."""
    return _array(_UUID, [_16 + number.to_bytes(16, "big") for number in numbers])


def bigints(values: Iterable[int | None]) -> bytes:
    """Return ``bigint[]``."""
    return _array(
        _BIGINT,
        [_NULL if value is None else _8 + value.to_bytes(8, "big", signed=True) for value in values],
    )


def integers(values: Iterable[int | None]) -> bytes:
    """Return ``integer[]``."""
    return _array(
        _INTEGER,
        [_NULL if value is None else _4 + value.to_bytes(4, "big", signed=True) for value in values],
    )


def smallints(values: Iterable[int]) -> bytes:
    """Return ``smallint[]``."""
    return _array(_SMALLINT, [_2 + value.to_bytes(2, "big", signed=True) for value in values])


def booleans(values: Iterable[bool]) -> bytes:
    """Return ``boolean[]``."""
    return _array(_BOOL, [_TRUE if value else _FALSE for value in values])


def texts(values: Iterable[str | None]) -> bytes:
    """Return ``text[]``."""
    return _array(_TEXT, [_NULL if value is None else _sized(value.encode()) for value in values])


def bytes_of(values: Iterable[bytes | None]) -> bytes:
    """Return ``bytea[]``."""
    return _array(_BYTEA, [_NULL if value is None else _sized(value) for value in values])


def _sized(value: bytes) -> bytes:
    return len(value).to_bytes(4, "big") + value


def moments(values: Iterable[datetime | None], *, never: bool = False) -> bytes:
    """Return ``timestamptz[]``; None is NULL, or infinity where it means ``never``."""
    # The few distinct moments of a batch are laid out once.
    known: dict[datetime | None, bytes] = {None: _NEVER if never else _NULL}
    parts = []
    for value in values:
        part = known.get(value)
        if part is None:
            part = known[value] = moment(value)
        parts.append(part)
    return _array(_TIMESTAMPTZ, parts)


def moment(value: datetime | None) -> bytes:
    """Return one ``timestamptz`` behind its length, as in an array or a row of a binary COPY; None: never."""
    if value is None:
        return _NEVER
    since = value - _EPOCH
    microseconds = (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds
    return _8 + microseconds.to_bytes(8, "big", signed=True)
