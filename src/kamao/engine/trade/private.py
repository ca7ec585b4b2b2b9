"""Personal data of orders: sealed on the way in, opened for who may see it. One format, one place.

Refuses to let a target or an address into any other table: postings, events and logs hold ids only.
"""

from collections.abc import Sequence
from uuid import UUID

import msgspec

from kamao.engine.arrays import bytes_of, ids
from kamao.engine.burst import Burst
from kamao.kernel.sealing import Keyring


class Private(msgspec.Struct, frozen=True):
    """What an order knows of a person: the buyer's address and the target's JSON bytes, either may be
    absent.
    """

    order: UUID
    address: str | None
    target_json: bytes | None


def target_hash(keyring: Keyring, target_json: bytes) -> bytes:
    """Return the keyed hash by which orders of one target are found."""
    return keyring.content_digest(b"target|" + target_json)


def write_private(burst: Burst, rows: Sequence[Private], *, keyring: Keyring) -> None:
    """Seal and let a burst store the personal data of new orders; rows that hold nothing are passed over."""
    held = [row for row in rows if row.target_json or row.address]
    if not held:
        return
    keys, sealed = [], []
    hashes: list[bytes | None] = []
    for row in held:
        wrapped, key = keyring.new_data_key(row.order)
        address = (row.address or "").encode()
        keys.append(wrapped)
        sealed.append(key.seal(row.order, len(address).to_bytes(2) + address + (row.target_json or b"")))
        hashes.append(target_hash(keyring, row.target_json) if row.target_json else None)
    burst.add(
        "trade/insert_private",
        ids([row.order for row in held]),
        bytes_of(keys),
        bytes_of(sealed),
        bytes_of(hashes),
    )


def open_private(keyring: Keyring, order: UUID, wrapped: bytes, sealed: bytes) -> tuple[str, bytes]:
    """Open an order's personal data: the buyer's address and the target's JSON bytes."""
    plain = keyring.open_data_key(order, wrapped).open(order, sealed)
    length = int.from_bytes(plain[:2])
    return plain[2 : 2 + length].decode(), plain[2 + length :]
