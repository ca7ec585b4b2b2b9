"""The cart of one visitor in one shop: a few lines kept in a signed cookie, no row in the database.

Pure. Refuses prices (they are read when shown and again when ordered) and more lines than a phone shows.
"""

import secrets
from collections.abc import Mapping
from typing import Final

import msgspec
from django.core import signing

from kamao.kernel.limits import ORDER_QUANTITY_MAX

LINES_MAX: Final = 12
COOKIE_BYTES_MAX: Final = 3_600
_SALT: Final = "kamao.shop.cart"


class CartLine(msgspec.Struct, frozen=True, omit_defaults=True):
    """One line: a SKU's code, or a bundle's slug, with its quantity and the typed target of a top-up."""

    key: str
    sku: str = ""
    bundle: str = ""
    quantity: int = 1
    target: dict[str, str] = {}


class Cart(msgspec.Struct, frozen=True, omit_defaults=True):
    """Lines in the order they were put in."""

    lines: tuple[CartLine, ...] = ()

    @property
    def count(self) -> int:
        """How many lines there are."""
        return len(self.lines)


EMPTY: Final = Cart()


def read_cart(text: str | None, *, slug: str) -> Cart:
    """Return the cart of a cookie; anything that is not ours is an empty cart."""
    if not text:
        return EMPTY
    try:
        value = signing.Signer(salt=_SALT + slug).unsign(text)
        return msgspec.json.decode(signing.b64_decode(value.encode()), type=Cart)
    except (signing.BadSignature, msgspec.DecodeError, ValueError):
        return EMPTY


def write_cart(cart: Cart, *, slug: str) -> str:
    """Return the cookie's text of a cart."""
    value = signing.b64_encode(msgspec.json.encode(cart)).decode()
    return signing.Signer(salt=_SALT + slug).sign(value)


def fits_cookie(cart: Cart, *, slug: str) -> bool:
    """Tell whether a browser will keep this cart."""
    return len(write_cart(cart, slug=slug)) <= COOKIE_BYTES_MAX


def put(
    cart: Cart, *, sku: str = "", bundle: str = "", quantity: int = 1, target: Mapping[str, str] | None = None
) -> Cart:
    """Return the cart with one more thing; the same thing for the same target adds to its line."""
    wanted = dict(target or {})
    quantity = min(max(quantity, 1), ORDER_QUANTITY_MAX)
    lines = list(cart.lines)
    for index, line in enumerate(lines):
        if (line.sku, line.bundle, line.target) == (sku, bundle, wanted):
            total = min(line.quantity + quantity, ORDER_QUANTITY_MAX)
            lines[index] = msgspec.structs.replace(line, quantity=total)
            return Cart(lines=tuple(lines))
    key = secrets.token_hex(4)
    lines.append(CartLine(key=key, sku=sku, bundle=bundle, quantity=quantity, target=wanted))
    return Cart(lines=tuple(lines[-LINES_MAX:]))


def change(cart: Cart, key: str, *, quantity: int) -> Cart:
    """Return the cart with another quantity of a line; zero or less takes the line out."""
    lines = [
        msgspec.structs.replace(line, quantity=min(quantity, ORDER_QUANTITY_MAX)) if line.key == key else line
        for line in cart.lines
        if line.key != key or quantity > 0
    ]
    return Cart(lines=tuple(lines))
