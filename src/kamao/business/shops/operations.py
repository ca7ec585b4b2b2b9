"""Writes of shops: opening one, tiers, sub-shops, overrides of single SKUs, bundles.

Rules have their own module (``listing_rules``). Refuses another organisation's shop by not finding it.
"""

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec
from django.db import transaction

from kamao.business.catalog.models import Sku
from kamao.business.identity import audit
from kamao.business.identity.models import Organisation, OrganisationKind
from kamao.business.shops import refusals
from kamao.business.shops.models import Bundle, BundleItem, ListingOverride, Shop, ShopTier
from kamao.business.shops.rulebook import DEPTH_MAX
from kamao.kernel.errors import Refusal
from kamao.kernel.ids import new_uuid7
from kamao.kernel.limits import ORDER_QUANTITY_MAX
from kamao.kernel.money import AMOUNT_MAX

_SLUG: Final = re.compile(r"[a-z0-9](?:[a-z0-9-]{1,46}[a-z0-9])")
BUNDLE_ITEMS_MAX: Final = 12
SLUG_TAKEN: Final = refusals.SHOP_SLUG_TAKEN


def _check_slug(slug: str) -> None:
    if not _SLUG.fullmatch(slug):
        raise Refusal(
            "invalid", zh="店铺地址须为 3 至 48 位小写字母、数字或连字符。",
            en="A shop address has 3 to 48 lower-case letters, digits or hyphens.",
        )  # fmt: skip
    if Shop.objects.filter(slug=slug).exists():
        raise Refusal("shop_slug_taken")


def open_shop(
    merchant: Organisation, *, slug: str, name: str, actor: audit.Actor, at: datetime, cell: int = 0
) -> Shop:
    """Open a merchant's shop of one mode."""
    if merchant.kind == OrganisationKind.SUPPLIER:
        raise Refusal("forbidden", zh="供应商不能开店。", en="A supplier cannot open a shop.")
    _check_slug(slug)
    if not name.strip():
        raise Refusal("invalid", zh="请填写店铺名称。", en="Give the shop a name.")
    with transaction.atomic():
        shop = Shop.objects.create(
            organisation=merchant, slug=slug, name=name.strip()[:80], cell=cell, created_at=at
        )
        audit.record(
            "shop.open",
            actor=actor,
            at=at,
            organisation=merchant.id,
            object_kind="shop",
            object_id=str(shop.id),
        )
    return shop


def find_shop(slug: str) -> Shop:
    """Return a shop by its address, or refuse with ``shop_not_found``."""
    shop = Shop.objects.select_related("organisation", "tier").filter(slug=slug).first()
    if shop is None:
        raise Refusal("shop_not_found")
    return shop


def shops_of(merchant_id: UUID, *, cell: int | None = None) -> list[Shop]:
    """Return an organisation's shops, the oldest first."""
    found = Shop.objects.select_related("organisation", "tier").filter(organisation_id=merchant_id)
    if cell is not None:
        found = found.filter(cell=cell)
    return list(found.order_by("created_at", "id"))


def own_shop(merchant_id: UUID, shop_id: UUID) -> Shop:
    """Return an organisation's own shop; another's is ``shop_not_found``."""
    shop = (
        Shop.objects.select_related("organisation", "tier")
        .filter(id=shop_id, organisation_id=merchant_id)
        .first()
    )
    if shop is None:
        raise Refusal("shop_not_found")
    return shop


def add_tier(shop: Shop, *, name: str, margin_share_per_mille: int) -> ShopTier:
    """Add a tier for sub-shops, which get this share of the shop's margin where a rule says nothing else."""
    if not 0 <= margin_share_per_mille <= 1000 or not name.strip():
        raise Refusal(
            "invalid",
            zh="请填写等级名称和 0 至 1000‰ 的让利。",
            en="Give a name and a share of 0 to 1000 per mille.",
        )
    return ShopTier.objects.create(
        shop=shop, name=name.strip()[:48], discount_per_mille=margin_share_per_mille
    )


def open_sub_shop(
    parent: Shop,
    *,
    tier: ShopTier,
    merchant: Organisation,
    slug: str,
    name: str,
    actor: audit.Actor,
    at: datetime,
) -> Shop:
    """Open a shop below another: it sells what the parent sells, at a margin of its own over the tier
    price.
    """
    if tier.shop_id != parent.id:
        raise Refusal("shop_not_found")
    depth, above = 2, parent
    while above.parent_id is not None:
        above = Shop.objects.get(id=above.parent_id)
        depth += 1
    if depth > DEPTH_MAX:
        raise Refusal(
            "invalid", zh=f"分站最多 {DEPTH_MAX} 级。", en=f"A chain of shops has at most {DEPTH_MAX} levels."
        )
    with transaction.atomic():
        shop = open_shop(merchant, slug=slug, name=name, actor=actor, at=at, cell=parent.cell)
        shop.parent, shop.tier = parent, tier
        shop.save(update_fields=["parent", "tier"])
    return shop


class Override(msgspec.Struct, frozen=True, kw_only=True):
    """What to decide for one SKU. An override that says nothing is removed."""

    sku: UUID
    price_e4: int | None = None
    title: str = ""
    hidden: bool = False
    position: int | None = None


def _check_override(row: Override) -> None:
    if row.price_e4 is not None and not 0 < row.price_e4 < AMOUNT_MAX:
        raise Refusal("invalid", zh="单品价格须大于 0。", en="An item's price must be above 0.")
    if len(row.title) > 120 or re.search(r"[<>\x00-\x1f]", row.title):
        raise Refusal(
            "invalid",
            zh="标题最多 120 字，不能含尖括号。",
            en="A title has at most 120 characters and no angle brackets.",
        )
    if row.position is not None and not 0 <= row.position < 100_000:
        raise Refusal("invalid", zh="排序须在 0 到 99999 之间。", en="A position is between 0 and 99999.")


def put_overrides(shop: Shop, rows: Sequence[Override], *, actor: audit.Actor, at: datetime) -> None:
    """Set overrides of SKUs in a shop; each replaces what was decided for its SKU before."""
    wanted = {row.sku: row for row in rows}
    for row in wanted.values():
        _check_override(row)
    known = set(Sku.objects.filter(id__in=wanted).values_list("id", flat=True))
    if set(wanted) - known:
        raise Refusal("listing_not_found", zh="商品不存在。", en="There is no such SKU.")
    kept = [
        ListingOverride(
            id=new_uuid7(),
            shop=shop,
            sku_id=row.sku,
            price_e4=row.price_e4,
            title=row.title.strip(),
            hidden=row.hidden,
            position=row.position,
            updated_at=at,
        )
        for row in wanted.values()
        if row.price_e4 is not None or row.title.strip() or row.hidden or row.position is not None
    ]
    with transaction.atomic():
        ListingOverride.objects.filter(shop=shop, sku__in=set(wanted) - {row.sku_id for row in kept}).delete()
        ListingOverride.objects.bulk_create(
            kept, update_conflicts=True, unique_fields=["shop", "sku"],
            update_fields=["price_e4", "title", "hidden", "position", "updated_at"],
        )  # fmt: skip
        audit.record(
            "listing.override", actor=actor, at=at, organisation=shop.organisation_id, object_kind="shop",
            object_id=str(shop.id), details={"items": len(wanted)},
        )  # fmt: skip


class BundlePart(msgspec.Struct, frozen=True):
    """One SKU of a bundle and its quantity."""

    sku: UUID
    quantity: int = 1


def put_bundle(
    shop: Shop,
    *,
    slug: str,
    name_zh: str,
    parts: Sequence[BundlePart],
    actor: audit.Actor,
    at: datetime,
    name_en: str = "",
    intro: str = "",
    price_e4: int | None = None,
    discount_per_mille: int = 0,
    position: int = 0,
    is_open: bool = True,
) -> Bundle:
    """Create or replace a bundle by its slug: several SKUs sold as one."""
    _check_bundle(slug, name_zh, parts, price_e4=price_e4, discount_per_mille=discount_per_mille)
    values = {
        "name_zh": name_zh.strip()[:120],
        "name_en": name_en.strip()[:120],
        "intro": intro[:200],
        "price_e4": price_e4,
        "discount_per_mille": discount_per_mille,
        "position": position,
        "open": is_open,
    }
    with transaction.atomic():
        bundle, _ = Bundle.objects.update_or_create(
            shop=shop,
            slug=slug,
            defaults=values,
            create_defaults={**values, "created_at": at},
        )
        bundle.items.all().delete()
        BundleItem.objects.bulk_create(
            [
                BundleItem(bundle=bundle, sku_id=part.sku, quantity=part.quantity, position=place)
                for place, part in enumerate(parts)
            ]
        )
        audit.record(
            "bundle.put",
            actor=actor,
            at=at,
            organisation=shop.organisation_id,
            object_kind="bundle",
            object_id=str(bundle.id),
        )
    return bundle


def _check_bundle(
    slug: str,
    name_zh: str,
    parts: Sequence[BundlePart],
    *,
    price_e4: int | None,
    discount_per_mille: int,
) -> None:
    skus = {part.sku for part in parts}
    if not 2 <= len(parts) <= BUNDLE_ITEMS_MAX or len(skus) != len(parts):
        raise Refusal(
            "invalid",
            zh=f"套餐须含 2 至 {BUNDLE_ITEMS_MAX} 种商品。",
            en=f"A bundle holds 2 to {BUNDLE_ITEMS_MAX} SKUs.",
        )
    if any(not 1 <= part.quantity <= ORDER_QUANTITY_MAX for part in parts) or not name_zh.strip():
        raise Refusal("invalid", zh="请填写套餐名称和数量。", en="Give the bundle a name and quantities.")
    if not 0 <= discount_per_mille < 1000 or (price_e4 is not None and not 0 < price_e4 < AMOUNT_MAX):
        raise Refusal("invalid", zh="套餐价格或折扣无效。", en="The bundle's price or discount is not valid.")
    _check_bundle_slug(slug)
    currencies = list(Sku.objects.filter(id__in=skus).values_list("currency", flat=True))
    if len(currencies) != len(skus) or len(set(currencies)) != 1:
        raise Refusal(
            "invalid",
            zh="套餐商品须存在且币种相同。",
            en="The SKUs of a bundle must exist and share a currency.",
        )


def _check_bundle_slug(slug: str) -> None:
    if not re.fullmatch(r"[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?", slug):
        raise Refusal(
            "invalid",
            zh="套餐地址须为小写字母、数字或连字符。",
            en="A bundle's address has lower-case letters, digits or hyphens.",
        )
