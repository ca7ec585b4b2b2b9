"""Merge and split of products. SKUs keep their ids, so orders, offers and promises never notice.

The old address of a merged product leads to the one that took its goods, for ever; its name becomes an alias.
Refuses to merge a product into itself and to split everything away.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db import transaction

from kamao.business.catalog.indexing import ensure_characters
from kamao.business.catalog.loading import refresh_skus
from kamao.business.catalog.models import Product, ProductRedirect, Sku, Status
from kamao.business.catalog.slugs import Slugs
from kamao.business.identity import audit
from kamao.kernel.errors import Refusal


def _locked(*ids: UUID) -> dict[UUID, Product]:
    """Return products locked in id order, so that two mergers never wait for each other."""
    rows = Product.objects.select_for_update().filter(id__in=ids).order_by("id")
    return {row.id: row for row in rows}


def _move(skus: Sequence[Sku], into: Product, at: datetime) -> None:
    scenes = list(into.scenes.values_list("id", flat=True))
    for sku in skus:
        sku.product, sku.category_id, sku.brand_id = into, into.category_id, into.brand_id
        sku.scene_ids, sku.updated_at = scenes, at
    Sku.objects.bulk_update(skus, ["product", "category", "brand", "scene_ids", "updated_at"])


def merge_products(source: UUID, into: UUID, *, actor: audit.Actor, at: datetime) -> None:
    """Move every SKU of one product to another and retire the first; its address leads to the other."""
    if source == into:
        raise Refusal("invalid", zh="不能合并到自身。", en="A product cannot be merged into itself.")
    with transaction.atomic():
        found = _locked(source, into)
        if len(found) != 2 or any(row.status == Status.WITHDRAWN for row in found.values()):
            raise Refusal(
                "not_found", zh="商品不存在或已下架。", en="The product does not exist or is withdrawn."
            )
        old, kept = found[source], found[into]
        aliases = dict.fromkeys([*kept.aliases, old.name_zh, *old.aliases])
        aliases.pop(kept.name_zh, None)
        kept.aliases = list(aliases)
        kept.save(update_fields=["aliases"])
        kept.scenes.add(*old.scenes.all())
        moved = list(Sku.objects.filter(product=old).order_by("id"))
        _move(moved, kept, at)
        old.status = Status.WITHDRAWN
        old.save(update_fields=["status"])
        ProductRedirect.objects.filter(product=old).update(product=kept)
        ProductRedirect.objects.create(slug=old.slug, product=kept, reason="merge", at=at)
        everything = Sku.objects.filter(product=kept).values_list("id", flat=True)
        refresh_skus(list(everything), at=at)
        audit.record(
            "product.merge",
            actor=actor,
            at=at,
            object_kind="product",
            object_id=str(source),
            details={"into": str(into), "skus": len(moved)},
        )


def split_product(
    source: UUID,
    sku_ids: Sequence[UUID],
    *,
    name_zh: str,
    actor: audit.Actor,
    at: datetime,
    name_en: str = "",
) -> Product:
    """Move some SKUs of a product to a new product of the same brand and category; returns the new one."""
    if not name_zh.strip() or len(name_zh) > 160:
        raise Refusal("invalid", zh="请填写新商品名称。", en="Give the new product a name.")
    with transaction.atomic():
        old = _locked(source).get(source)
        if old is None:
            raise Refusal("not_found", zh="商品不存在。", en="There is no such product.")
        moved = list(Sku.objects.filter(product=old, id__in=list(sku_ids)).order_by("id"))
        if (
            len(moved) != len(set(sku_ids))
            or not moved
            or Sku.objects.filter(product=old).count() == len(moved)
        ):
            raise Refusal(
                "invalid", zh="请选择部分规格拆出。", en="Choose some of the product's SKUs, not all."
            )
        if Product.objects.filter(brand=old.brand, name_zh=name_zh.strip()).exists():
            raise Refusal("invalid", zh="该品牌已有同名商品。", en="The brand has a product of this name.")
        new = Product.objects.create(
            slug=Slugs(ensure_characters()).make("product", name_en or name_zh),
            category_id=old.category_id,
            brand_id=old.brand_id,
            name_zh=name_zh.strip(),
            name_en=name_en.strip(),
            created_at=at,
        )
        new.scenes.set(old.scenes.all())
        _move(moved, new, at)
        refresh_skus([sku.id for sku in moved], at=at)
        audit.record(
            "product.split",
            actor=actor,
            at=at,
            object_kind="product",
            object_id=str(source),
            details={"into": str(new.id), "skus": len(moved)},
        )
    return new


def find_product(slug: str) -> Product | None:
    """Return the product at an address, following where a merge leads; None where there is nothing."""
    found = Product.objects.filter(slug=slug).exclude(status=Status.WITHDRAWN).first()
    if found is not None:
        return found
    redirect = ProductRedirect.objects.select_related("product").filter(slug=slug).first()
    return redirect.product if redirect else None
