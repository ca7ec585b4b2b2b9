"""Finding an order again: by its numbers, by contact and query password, by a one-time code, by this device.

Answers are uniform: a wrong number, a wrong password and an unknown contact are one and the same "nothing
found". Attempts are limited per contact and address. Refuses to list numbers that open codes: lists are
masked.
"""

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from django.core import signing

from kamao.business.keyring import node_keyring
from kamao.business.payments.models import PaymentIntent
from kamao.business.shops import attempts, contacts
from kamao.business.shops.contacts import Contact
from kamao.business.shops.models import Shop, ShopPurchase
from kamao.business.shops.purchases import PREFIX
from kamao.kernel import ids

LISTED_MAX: Final = 20
DEVICE_KEPT_MAX: Final = 30
DEVICE_AGE_S: Final = 400 * 24 * 3600
_SALT: Final = "kamao.shop.device"
_BARE: Final = re.compile(r"[0-9a-hjkmnp-tv-z]{26}", re.IGNORECASE)


def by_number(shop: Shop, text: str, *, address_key: bytes, at: datetime) -> ShopPurchase | None:
    """Return the purchase behind a purchase, order or payment number; the attempt counts against the
    address.
    """
    attempts.check_attempt(address_key, limit=attempts.LOOKUP_BY_ADDRESS, at=at)
    typed = "".join(text.split())[:80]
    own = ShopPurchase.objects.filter(shop=shop)
    bare = typed if _BARE.fullmatch(typed) else None
    identity = ids.decode(PREFIX, typed) or (ids.decode(PREFIX, f"{PREFIX}_{bare}") if bare else None)
    if identity is not None and (found := own.filter(id=identity).first()):
        return found
    order = ids.decode("ord", typed) or (ids.decode("ord", f"ord_{bare}") if bare else None)
    if order is not None and (found := own.filter(order_ids__contains=[str(order)]).first()):
        return found
    paid = _purchases_of_payment(typed)
    return own.filter(id__in=paid).first() if paid else None


def _purchases_of_payment(typed: str) -> list[UUID]:
    """Our payment number, as it stands on the provider's receipt, or the provider's own order number."""
    if len(typed) < 12:
        return []
    rows = PaymentIntent.objects.filter(number__iexact=typed) | PaymentIntent.objects.filter(
        provider_order_no=typed
    )
    return list(rows.values_list("purchase_id", flat=True)[:3])


def by_contact(
    shop: Shop, *, contact: Contact, password: str, address_key: bytes, at: datetime
) -> list[ShopPurchase]:
    """Return the newest purchases of a contact under a query password; wrong ones are an empty list."""
    keyring = node_keyring()
    key = contacts.contact_key(keyring, contact)
    attempts.check_attempt(address_key, limit=attempts.LOOKUP_BY_ADDRESS, at=at)
    attempts.check_attempt(key, limit=attempts.LOOKUP_BY_CONTACT, at=at)
    password_key = contacts.password_key(keyring, contact, password)
    rows = ShopPurchase.objects.filter(shop=shop, contact_key=key, password_key=password_key)
    return list(rows.order_by("-created_at")[:LISTED_MAX])


def of_contact(shop: Shop, contact: Contact) -> list[ShopPurchase]:
    """Return the newest purchases of a contact that was proven by a one-time code."""
    key = contacts.contact_key(node_keyring(), contact)
    return list(ShopPurchase.objects.filter(shop=shop, contact_key=key).order_by("-created_at")[:LISTED_MAX])


def read_device(text: str | None) -> list[UUID]:
    """Return the purchases a device's cookie remembers; anything that is not ours is no purchase."""
    if not text:
        return []
    try:
        value = signing.TimestampSigner(salt=_SALT).unsign(text, max_age=DEVICE_AGE_S)
        return [UUID(part) for part in value.split(".") if part]
    except (signing.BadSignature, ValueError):
        return []


def write_device(purchases: Sequence[UUID]) -> str:
    """Return the cookie's text for the newest of these purchases (newest first)."""
    kept = list(dict.fromkeys(purchases))[:DEVICE_KEPT_MAX]
    return signing.TimestampSigner(salt=_SALT).sign(".".join(one.hex for one in kept))


def of_device(shop: Shop, text: str | None) -> list[ShopPurchase]:
    """Return the purchases of this shop that a device's cookie remembers, newest first."""
    rows = ShopPurchase.objects.filter(shop=shop, id__in=read_device(text))
    return list(rows.order_by("-created_at")[:DEVICE_KEPT_MAX])
