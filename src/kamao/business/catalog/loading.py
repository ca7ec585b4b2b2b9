"""Loads library rows set by set: categories, brands, products, SKUs, scenes, promises, search, engine.

One transaction for a whole file, whatever its size: all of it or nothing. Rows are found again by SKU code,
else by (product, variant, kind, region); what an operator decided since (status, popularity) stays.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec
from django.db import connection, transaction

from kamao.business.catalog import bulk
from kamao.business.catalog.indexing import ensure_characters, index_skus
from kamao.business.catalog.models import AfterSalesTemplate, Brand, Category, Product, Scene, TopupForm
from kamao.business.catalog.promises import snapshot_promises
from kamao.business.catalog.publishing import publish_skus
from kamao.business.catalog.rows import LibraryRow
from kamao.business.catalog.slugs import Slugs
from kamao.business.catalog.templates import Texts, ensure_templates, texts
from kamao.kernel.ids import new_uuid7

_LOAD_LOCK: Final = 7_301
"""Advisory key: two loads at once would both create the same brand."""

_PRODUCT_COLUMNS: Final = (
    "id",
    "slug",
    "category_id",
    "brand_id",
    "name_zh",
    "name_en",
    "aliases",
    "description_zh",
    "description_en",
    "picture",
    "status",
    "created_at",
)
_SKU_COLUMNS: Final = (
    "id",
    "code",
    "product_id",
    "variant_zh",
    "variant_en",
    "kind",
    "instrument",
    "ranged",
    "currency",
    "face_value_e4",
    "face_currency",
    "duration_days",
    "region",
    "official_price_e4",
    "official_source",
    "official_on",
    "min_quantity",
    "max_quantity",
    "multiple",
    "target_daily_max",
    "promise_s",
    "warranty_days",
    "after_sales_id",
    "topup_form_id",
    "target_rules",
    "notice_zh",
    "notice_en",
    "howto_zh",
    "howto_en",
    "redeem_url",
    "status",
    "category_id",
    "scene_ids",
    "brand_id",
    "weight",
    "promise_no",
    "created_at",
    "updated_at",
)
_SKU_KEPT: Final = ("id", "code", "status", "weight", "promise_no", "created_at")


class LoadReport(msgspec.Struct, frozen=True):
    """What a load did. ``skus`` are the ids of the rows in their order."""

    skus: tuple[UUID, ...]
    created: int
    changed: int
    unknown_forms: tuple[str, ...]


class _Shared(msgspec.Struct):
    """Ids of what SKUs hang on, by name or slug."""

    categories: Mapping[str, UUID]
    brands: Mapping[str, UUID]
    scenes: Mapping[str, UUID]
    forms: Mapping[str, UUID]
    after_sales: Mapping[str, UUID]


def _categories(rows: Iterable[LibraryRow], slugs: Slugs) -> dict[str, UUID]:
    """Return category ids by name, or by path for deeper ones (``PC 游戏 > 动作``), making what is missing."""
    stored = list(Category.objects.values_list("id", "name_zh", "path"))
    names = {key: name for key, name, _ in stored}
    known = {" > ".join(names[part] for part in path): key for key, _, path in stored}
    paths = {key: list(path) for key, _, path in stored}
    fresh = []
    for label, label_en in {row.category: row.category_en for row in rows}.items():
        parts, parts_en = label.split(" > "), label_en.split(" > ")
        for depth, name in enumerate(parts):
            place, above = " > ".join(parts[: depth + 1]), " > ".join(parts[:depth])
            if place in known:
                continue
            key = known[place] = new_uuid7()
            paths[key] = [*paths[known[above]], key] if above else [key]
            name_en = parts_en[depth] if len(parts_en) == len(parts) else ""
            slug = slugs.make(
                "category", f"{parts_en[0]} {name_en or name}" if depth and parts_en[0] else name_en or name
            )
            fresh.append(
                Category(id=key, slug=slug, name_zh=name, name_en=name_en, path=paths[key], position=1000,
                         parent_id=known[above] if above else None)
            )  # fmt: skip
    Category.objects.bulk_create(fresh)
    return known


def _brands(rows: Iterable[LibraryRow], slugs: Slugs) -> dict[str, UUID]:
    known = dict(Brand.objects.values_list("name_zh", "id"))
    fresh = []
    for row in rows:
        if row.brand and row.brand not in known:
            known[row.brand] = new_uuid7()
            slug = slugs.make("brand", row.brand_en or row.brand)
            fresh.append(Brand(id=known[row.brand], slug=slug, name_zh=row.brand, name_en=row.brand_en))
    Brand.objects.bulk_create(fresh, batch_size=5_000)
    return known


def _shared(rows: Sequence[LibraryRow], slugs: Slugs) -> _Shared:
    return _Shared(
        categories=_categories(rows, slugs),
        brands=_brands(rows, slugs),
        scenes=dict(Scene.objects.values_list("slug", "id")),
        forms=dict(TopupForm.objects.values_list("slug", "id")),
        after_sales=dict(AfterSalesTemplate.objects.values_list("slug", "id")),
    )


def _products(
    rows: Iterable[LibraryRow], shared: _Shared, slugs: Slugs, at: datetime
) -> dict[tuple[str, str], UUID]:
    """Return product ids by (brand, name); a merged product's name means the one it was merged into."""
    names = {value: key for key, value in shared.brands.items()}
    stored = Product.objects.values_list("brand_id", "name_zh", "id", "slug", "status")
    redirects = dict(
        connection_rows("SELECT slug, product_id FROM catalog_productredirect WHERE reason = 'merge'")
    )
    known: dict[tuple[str, str], UUID] = {}
    merged: set[tuple[str, str]] = set()
    for brand_id, name, key, slug, status in stored:
        place = (names.get(brand_id, "") if brand_id else "", name)
        known[place] = key
        if status == "withdrawn" and slug in redirects:
            known[place] = redirects[slug]
            merged.add(place)
    values: dict[UUID, tuple[object, ...]] = {}
    scenes: set[tuple[UUID, UUID]] = set()
    for row in rows:
        key = known.setdefault((row.brand, row.product), new_uuid7())
        if key not in values and (row.brand, row.product) not in merged:
            values[key] = (
                key,
                slugs.make("product", row.product_en or row.product),
                shared.categories[row.category],
                shared.brands[row.brand] if row.brand else None,
                row.product,
                row.product_en,
                list(row.aliases),
                "",
                "",
                "",
                "active",
                at,
            )
        scenes |= {(key, shared.scenes[slug]) for slug in row.scenes if slug in shared.scenes}
    bulk.upsert_rows(
        "catalog_product",
        _PRODUCT_COLUMNS,
        list(values.values()),
        key=("id",),
        keep=(
            "slug",
            "brand_id",
            "name_zh",
            "description_zh",
            "description_en",
            "picture",
            "status",
            "created_at",
        ),
    )
    bulk.upsert_rows(
        "catalog_product_scenes", ("product_id", "scene_id"), sorted(scenes), key=("product_id", "scene_id")
    )
    return known


_STORED_SKUS: Final = "SELECT code, id, product_id, variant_zh, kind, region FROM catalog_sku"


def connection_rows(statement: str) -> list[tuple[Any, ...]]:
    """Return the rows of a statement without arguments."""
    with connection.cursor() as cursor:
        cursor.execute(statement)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    return rows


_NO_TEXTS: Final = Texts()


def _sku_values(
    row: LibraryRow, *, key: UUID, code: str, product: UUID, shared: _Shared, at: datetime
) -> tuple[object, ...]:
    words = texts().get(row.text, _NO_TEXTS)
    rules = {
        name: list(value)
        for name, value in (("carriers", row.carriers), ("provinces", row.provinces))
        if value
    }
    return (
        key,
        code,
        product,
        row.variant,
        row.variant_en,
        row.kind,
        row.instrument,
        row.ranged,
        row.currency,
        row.face_value_e4,
        row.face_currency,
        row.duration_days,
        row.region,
        row.official_price_e4,
        row.official_source,
        row.official_on,
        row.min_quantity,
        row.max_quantity,
        row.multiple,
        row.target_daily_max,
        row.promise_s,
        row.warranty_days,
        shared.after_sales.get(row.after_sales),
        shared.forms.get(row.topup_form),
        msgspec.json.encode(rules).decode(),
        words.notice_zh,
        words.notice_en,
        words.howto_zh,
        words.howto_en,
        row.redeem_url,
        "active",
        shared.categories[row.category],
        [shared.scenes[slug] for slug in row.scenes if slug in shared.scenes],
        shared.brands[row.brand] if row.brand else None,
        row.weight,
        1,
        at,
        at,
    )


def load_rows(rows: Sequence[LibraryRow], *, at: datetime) -> LoadReport:
    """Write rows into the library and publish them to both modes' engines.

    The same row twice in one load counts once (the last wins). Returns the SKU ids in the order of the rows.
    """
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOAD_LOCK])
        ensure_templates()
        slugs = Slugs(ensure_characters())
        shared = _shared(rows, slugs)
        products = _products(rows, shared, slugs, at)
        by_code: dict[str, UUID] = {}
        by_key: dict[tuple[object, ...], UUID] = {}
        codes: dict[UUID, str] = {}
        for code, key, *natural in connection_rows(_STORED_SKUS):
            by_code[code] = by_key[tuple(natural)] = key
            codes[key] = code
        stored = set(codes)
        slugs.take("sku", [*by_code, *(row.code for row in rows)])
        values: dict[UUID, tuple[object, ...]] = {}
        order: list[UUID] = []
        for row in rows:
            product = products[row.brand, row.product]
            natural_key = (product, row.variant, row.kind, row.region)
            sku = by_code.get(row.code) if row.code else None
            sku = sku or by_key.get(natural_key) or new_uuid7()
            code = codes.get(sku) or row.code
            if not code:
                code = slugs.make("sku", f"{row.product_en or row.product} {row.variant_en or row.variant}")
            codes[sku] = code
            by_code[code] = by_key[natural_key] = sku
            values[sku] = _sku_values(row, key=sku, code=code, product=product, shared=shared, at=at)
            order.append(sku)
        written = bulk.upsert_rows(
            "catalog_sku", _SKU_COLUMNS, list(values.values()), key=("id",), keep=_SKU_KEPT
        )
        created = len(set(values) - stored)
        refresh_skus(list(values), at=at)
    unknown = sorted(
        {row.topup_form for row in rows if row.topup_form and row.topup_form not in shared.forms}
    )
    return LoadReport(
        skus=tuple(order), created=created, changed=written - created, unknown_forms=tuple(unknown)
    )


def refresh_skus(sku_ids: Sequence[UUID], *, at: datetime) -> None:
    """Bring everything derived from SKUs up to date: promises, search documents, the engine's copies."""
    with transaction.atomic():
        snapshot_promises(sku_ids, at=at)
        index_skus(sku_ids)
        publish_skus(sku_ids, at=at)
