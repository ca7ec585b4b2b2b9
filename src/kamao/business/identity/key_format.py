"""How an API key looks: `kmk_live_` or `kmk_test_`, 10 public characters, 52 secret ones (260 random bits).

Refuses to store or print a whole key: only its public prefix and its SHA-256 leave this module.
"""

import hashlib
import secrets
from typing import Final

import msgspec

_ALPHABET: Final = "0123456789abcdefghjkmnpqrstvwxyz"
_HEADS: Final = {0: "kmk_live_", 1: "kmk_test_"}
_PUBLIC_LENGTH: Final = 10
_SECRET_LENGTH: Final = 52
PREFIX_LENGTH: Final = len(_HEADS[0]) + _PUBLIC_LENGTH
KEY_LENGTH: Final = PREFIX_LENGTH + 1 + _SECRET_LENGTH

SCOPES: Final = (
    "catalogue:read",
    "orders:write",
    "orders:read",
    "codes:read",
    "wallet:read",
    "listings:write",
    "supply:write",
    "webhooks:write",
)


class NewKey(msgspec.Struct, frozen=True):
    """A key just made: the only moment at which the whole text exists."""

    raw: str
    prefix: str
    digest: bytes

    def __repr__(self) -> str:
        """Show the public part only, so that a log line or a traceback cannot leak the key."""
        return f"NewKey({self.prefix}…)"


def generate(*, cell: int) -> NewKey:
    """Make a key for a cell (0 live, 1 test)."""
    prefix = _HEADS[cell] + _characters(_PUBLIC_LENGTH)
    raw = f"{prefix}_{_characters(_SECRET_LENGTH)}"
    return NewKey(raw=raw, prefix=prefix, digest=digest_of(raw))


def _characters(count: int) -> str:
    return "".join([secrets.choice(_ALPHABET) for _ in range(count)])


def prefix_of(raw: str) -> str | None:
    """Return the public prefix of what a caller sent, or None where it cannot be a key at all."""
    if (
        len(raw) != KEY_LENGTH
        or not raw.isascii()
        or raw[:PREFIX_LENGTH].startswith(tuple(_HEADS.values())) is False
    ):
        return None
    return raw[:PREFIX_LENGTH]


def digest_of(raw: str) -> bytes:
    """Return what is stored of a key: SHA-256. A fast hash is right, since the key itself has 260 random
    bits.
    """
    return hashlib.sha256(raw.encode()).digest()
