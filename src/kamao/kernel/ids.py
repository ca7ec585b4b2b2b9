"""Identifiers: UUIDv7 made by the application and their public form.

Owns the layout (48-bit milliseconds, 12 bits holding the cell, 62 random bits) and the text form
``<prefix>_<26 Crockford base32 characters>``. Refuses ids made by the database: a caller must know an id
before it writes, so that a retry can repeat it.
"""

import os
import struct
import threading
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import lru_cache
from itertools import accumulate
from operator import add
from typing import Protocol
from uuid import UUID

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_VALUES = {char: value for value, char in enumerate(_ALPHABET)}
_VALUES.update({char.upper(): value for char, value in list(_VALUES.items())})
_TEXT_LENGTH = 26
_CELL_MAX = 0xFFF
_LOW = (1 << 60) - 1
_PAIRS = [a + b for a in _ALPHABET for b in _ALPHABET]


class IdSource(Protocol):
    """Where operations take their ids from; injected so that a simulation can repeat a run."""

    def new(self) -> UUID:
        """Return the next id; later ids sort after earlier ones of the same source."""
        ...

    def many(self, count: int) -> list[UUID]:
        """Return ``count`` ids in ascending order."""
        ...

    def numbers(self, count: int) -> Sequence[int]:
        """Return ``count`` ids as their 128-bit numbers: for rows that nobody names by id here."""
        ...


class RandomIds:
    """Ids from the system clock and the system's randomness, ascending within one process.

    Ids of one millisecond ascend because the 62 low bits continue from a random start by random steps, as
    RFC 9562 section 6.2 (method 2) describes. Safe under threads.
    """

    def __init__(self, cell: int = 0) -> None:
        if not 0 <= cell <= _CELL_MAX:
            raise ValueError("a cell number has 12 bits")
        self._cell = cell
        self._lock = threading.Lock()
        self._milliseconds = 0
        self._tail = 0

    def new(self) -> UUID:
        """Return the next id."""
        return self.many(1)[0]

    def many(self, count: int) -> list[UUID]:
        """Return ``count`` ascending ids; one call costs one read of the clock and of the random source."""
        return [UUID(int=number) for number in self.numbers(count)]

    def numbers(self, count: int) -> list[int]:
        """Return ``count`` ascending ids as numbers, without making objects of them."""
        steps = os.urandom(4 * count + 8)
        with self._lock:
            now = time.time_ns() // 1_000_000
            if now > self._milliseconds:
                self._milliseconds = now
                self._tail = int.from_bytes(steps[:8]) >> 3
            head = (self._milliseconds << 80) | (0x7 << 76) | (self._cell << 64) | (0b10 << 62)
            sums = accumulate(struct.unpack_from(f">{count}I", steps, 8))
            # Each is a random step and one above the one before.
            tails = list(map(add, sums, range(self._tail + 1, self._tail + 1 + count)))
            if tails:
                self._tail = tails[-1]
        return [head | tail for tail in tails]


class SeededIds:
    """Repeatable ids for simulations: the time comes from the caller's clock, the rest from a counter."""

    def __init__(self, clock_ms: "ReadMilliseconds", *, cell: int = 0, seed: int = 1) -> None:
        self._clock_ms = clock_ms
        self._cell = cell
        self._counter = seed << 40

    def new(self) -> UUID:
        """Return the next id."""
        self._counter += 1
        head = (self._clock_ms() << 80) | (0x7 << 76) | (self._cell << 64) | (0b10 << 62)
        return UUID(int=head | (self._counter & ((1 << 62) - 1)))

    def many(self, count: int) -> list[UUID]:
        """Return ``count`` ids."""
        return [self.new() for _ in range(count)]

    def numbers(self, count: int) -> list[int]:
        """Return ``count`` ids as numbers."""
        return [value.int for value in self.many(count)]


class ReadMilliseconds(Protocol):
    """A function that tells the time in milliseconds since 1970."""

    def __call__(self) -> int:
        """Return milliseconds since 1970-01-01 UTC."""
        ...


_default_source = RandomIds()


def new_uuid7() -> UUID:
    """Return a fresh UUIDv7 of cell 0: the default of every business row's primary key."""
    return _default_source.new()


def cell_of(value: UUID) -> int:
    """Return the cell number that an id carries in its ``rand_a`` bits."""
    return (value.int >> 64) & _CELL_MAX


def time_of(value: UUID) -> datetime:
    """Return the moment (UTC, millisecond precision) at which an id was made."""
    return datetime.fromtimestamp((value.int >> 80) / 1000, UTC)


def first_id_at(moment: datetime) -> UUID:
    """Return the lowest UUIDv7 of a moment: the bound of a partition or of a time filter over ids."""
    return UUID(int=(int(moment.timestamp() * 1000) << 80) | (0x7 << 76) | (0b10 << 62))


def crockford(value: UUID) -> str:
    """Return the 26 lower-case Crockford base32 characters of an id, its number on foreign wires."""
    number = value.int
    return _first_14(number >> 60) + _last_12(number & _LOW)


@lru_cache(maxsize=4_096)
def _first_14(high: int) -> str:
    """The characters that hold an id's time: the same for all ids of a millisecond."""
    return _PAIRS[high >> 60] + _last_12(high & _LOW)


def _last_12(low: int) -> str:
    pairs = _PAIRS
    return (
        f"{pairs[low >> 50]}{pairs[low >> 40 & 1023]}{pairs[low >> 30 & 1023]}"
        f"{pairs[low >> 20 & 1023]}{pairs[low >> 10 & 1023]}{pairs[low & 1023]}"
    )


def encode(prefix: str, value: UUID) -> str:
    """Return the public form of an id, for example ``ord_01jd…``."""
    return f"{prefix}_{crockford(value)}"


def decode(prefix: str, text: str) -> UUID | None:
    """Return the id behind its public form, or None where the text is not one of this prefix.

    Reads upper and lower case; refuses the ambiguous letters instead of guessing.
    """
    head, separator, body = text.rpartition("_")
    if not separator or head != prefix or len(body) != _TEXT_LENGTH:
        return None
    number = 0
    for char in body:
        value = _VALUES.get(char)
        if value is None:
            return None
        number = (number << 5) | value
    return UUID(int=number) if number < 1 << 128 else None


def sql_array(ids: Sequence[UUID]) -> str:
    """Return ids as a PostgreSQL array literal; several times cheaper than adapting each id by itself."""
    return "{" + ",".join([f"{value.int:032x}" for value in ids]) + "}"
