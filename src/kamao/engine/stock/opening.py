"""Opening of sealed codes for their holder, after the transaction that gave them away has committed."""

import msgspec

from kamao.engine.stock.types import Delivered, NewCode, OpenedCode
from kamao.kernel.sealing import Keyring, SealError


class _Plain(msgspec.Struct, array_like=True):
    number: str
    secret: str


_decoder = msgspec.msgpack.Decoder(_Plain)
_encoder = msgspec.msgpack.Encoder()


def plain_bytes(code: NewCode) -> bytes:
    """Return the bytes of a code that are sealed."""
    return _encoder.encode((code.number, code.secret))


def open_delivery(keyring: Keyring, delivered: Delivered) -> OpenedCode:
    """Open one delivered item. Raises SealError or KeyMissing; whoever calls it answers for the reveal's
    trace.
    """
    place = delivered.lot or delivered.item
    if delivered.sealed is None or delivered.wrapped_key is None:
        raise SealError("the item has been erased")
    plain = _decoder.decode(
        keyring.open_data_key(place, delivered.wrapped_key).open(delivered.item, delivered.sealed)
    )
    return OpenedCode(plain.number, plain.secret)
