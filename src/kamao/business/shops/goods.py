"""The library's facts about SKUs as a shop shows them, read for a page at a time."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

import msgspec
from django.db import connection


class GoodsRow(msgspec.Struct, frozen=True):
    """A SKU with the names around it. Prices are in 1/10 000 of the major unit."""

    id: UUID
    code: str
    product_id: UUID
    product_slug: str
    name_zh: str
    name_en: str
    variant_zh: str
    variant_en: str
    kind: str
    instrument: str
    ranged: bool
    currency: str
    face_value_e4: int | None
    face_currency: str
    duration_days: int | None
    region: str
    official_price_e4: int | None
    official_source: str
    official_on: date | None
    min_quantity: int
    max_quantity: int
    multiple: int
    promise_s: int
    warranty_days: int
    topup_form: str | None
    status: str
    weight: int
    created_at: datetime
    updated_at: datetime
    category_id: UUID
    category_slug: str
    category_path: tuple[UUID, ...]
    brand_id: UUID | None
    brand_zh: str
    brand_en: str
    scene_ids: tuple[UUID, ...]
    scenes: tuple[str, ...]

    def name(self, language: str) -> str:
        """Return product and variant in a language, the other one where it is missing."""
        if language.startswith("zh"):
            return f"{self.name_zh} {self.variant_zh}".strip()
        return f"{self.name_en or self.name_zh} {self.variant_en or self.variant_zh}".strip()


_SELECT: Final = """
SELECT s.id, s.code, s.product_id, p.slug, p.name_zh, p.name_en, s.variant_zh, s.variant_en, s.kind,
    s.instrument, s.ranged, s.currency, s.face_value_e4, s.face_currency, s.duration_days, s.region,
    s.official_price_e4,
    s.official_source, s.official_on, s.min_quantity, s.max_quantity, s.multiple,
    s.promise_s, s.warranty_days, f.slug,
    CASE WHEN p.status = 'active' THEN s.status ELSE p.status END, s.weight, s.created_at, s.updated_at,
    s.category_id, c.slug, c.path, s.brand_id, coalesce(b.name_zh, ''), coalesce(b.name_en, ''), s.scene_ids,
    ARRAY(SELECT e.slug FROM catalog_scene e WHERE e.id = ANY(s.scene_ids) ORDER BY e.position)
FROM catalog_sku s
JOIN catalog_product p ON p.id = s.product_id
JOIN catalog_category c ON c.id = s.category_id
LEFT JOIN catalog_brand b ON b.id = s.brand_id
LEFT JOIN catalog_topupform f ON f.id = s.topup_form_id
"""


def _row(values: tuple[Any, ...]) -> GoodsRow:
    fields: list[Any] = [tuple(value) if isinstance(value, list) else value for value in values]
    return GoodsRow(*fields)


def read_goods(sku_ids: Sequence[UUID]) -> dict[UUID, GoodsRow]:
    """Return the facts of SKUs by id; unknown ids are left out."""
    if not sku_ids:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(_SELECT + "WHERE s.id = ANY(%s::uuid[])", [list(sku_ids)])
        return {row[0]: _row(row) for row in cursor.fetchall()}


def read_goods_by_code(codes: Sequence[str]) -> dict[str, GoodsRow]:
    """Return the facts of SKUs by code; unknown codes are left out."""
    if not codes:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(_SELECT + "WHERE s.code = ANY(%s::text[])", [list(codes)])
        return {row[1]: _row(row) for row in cursor.fetchall()}


def read_product_goods(product_ids: Sequence[UUID]) -> list[GoodsRow]:
    """Return every SKU of products, the most popular first."""
    with connection.cursor() as cursor:
        cursor.execute(
            _SELECT + "WHERE s.product_id = ANY(%s::uuid[]) ORDER BY s.weight DESC, s.id", [list(product_ids)]
        )
        return [_row(row) for row in cursor.fetchall()]
