"""Leaves for the provenance log: salted commitments, never a code, a name or anything guessable.

A leaf is ``version(1)=1 | event kind(1) | hour since 1970 (4, big endian) | SHA-256 commitment(32)``. The
commitment is over ``"kamao/item/1|" | salt(32) | item id(16) | order id(16)``; the salt is sealed beside the
delivery and given only to the holder. Erasing the salt erases the link for ever.
"""

import hashlib
import struct
from datetime import datetime
from uuid import UUID

DELIVERED = 1
REFUNDED = 2
RECALLED = 3
_CONTEXT = b"kamao/item/1|"


def head(kind: int, *, at: datetime) -> bytes:
    """Return what leaves of one kind and hour begin with."""
    return struct.pack(">BBI", 1, kind, int(at.timestamp()) // 3600)


def commitment(*, salt: bytes, item: bytes, order: bytes) -> bytes:
    """Return the salted commitment to an item being an order's, both given as the 16 bytes of their ids."""
    return hashlib.sha256(_CONTEXT + salt + item + order).digest()


def leaf(kind: int, *, salt: bytes, item: UUID, order: UUID, at: datetime) -> bytes:
    """Return the final bytes of a leaf."""
    return head(kind, at=at) + commitment(salt=salt, item=item.bytes, order=order.bytes)
