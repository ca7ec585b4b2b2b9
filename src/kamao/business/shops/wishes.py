"""到货提醒: who wants to hear when a sold-out SKU is back in a shop, and telling them once.

Owns the wishes and the text of the message. Refuses to tell anyone twice, and to keep a contact in the clear.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec
from django.db import transaction

from kamao.business.keyring import node_keyring
from kamao.business.shops import attempts
from kamao.business.shops.contacts import Contact, contact_key, open_contact, seal_contact
from kamao.business.shops.models import RestockWish, Shop
from kamao.business.shops.wares import read_wares
from kamao.kernel.ids import new_uuid7

WISHES_BY_ADDRESS: Final = attempts.Limit(20, 3600)
_ROUND_MAX: Final = 200


class News(msgspec.Struct, frozen=True):
    """A message to one contact that something is back."""

    contact: Contact
    text: str
    language: str


def make_wish(
    shop: Shop, *, sku_id: UUID, contact: Contact, language: str, address_key: bytes, at: datetime
) -> None:
    """Note a wish; making it again changes nothing. Raises Refusal ``rate_limited``."""
    attempts.check_attempt(address_key, limit=WISHES_BY_ADDRESS, at=at)
    keyring = node_keyring()
    wish = new_uuid7()
    row = RestockWish(
        id=wish,
        shop=shop,
        sku_id=sku_id,
        contact_key=contact_key(keyring, contact),
        contact_sealed=seal_contact(keyring, wish, contact),
        language=language,
        created_at=at,
    )
    RestockWish.objects.bulk_create([row], ignore_conflicts=True)


def tell_wishes(send: Callable[[News], None], *, at: datetime, link: Callable[[Shop, str], str]) -> int:
    """One round of the worker: tell whoever waits for a SKU that is back. Returns how many were told.

    A wish is marked in the transaction that hands its message to ``send``, so a crash repeats at most that
    message.
    """
    open_wishes = RestockWish.objects.filter(told_at__isnull=True).select_related(
        "shop__organisation", "shop__tier", "sku"
    )
    told = 0
    for wish in open_wishes.order_by("id")[:_ROUND_MAX]:
        ware = read_wares(wish.shop, [wish.sku.code], at=at).get(wish.sku.code)
        if ware is None or not ware.in_stock:
            continue
        with transaction.atomic():
            if not RestockWish.objects.filter(id=wish.id, told_at__isnull=True).update(told_at=at):
                continue
            contact = open_contact(node_keyring(), wish.id, bytes(wish.contact_sealed))
            send(
                News(
                    contact,
                    _text(wish, ware.title_zh, ware.title_en, link(wish.shop, wish.sku.code)),
                    wish.language,
                )
            )
            RestockWish.objects.filter(id=wish.id).delete()
            told += 1
    return told


def _text(wish: RestockWish, title_zh: str, title_en: str, address: str) -> str:
    if wish.language.startswith("zh"):
        return f"【{wish.shop.name}】{title_zh} 到货了：{address}"
    return f"[{wish.shop.name}] {title_en} is back: {address}"
