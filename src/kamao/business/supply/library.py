"""The standard library as matching reads it: the one place where supply knows how the catalogue is stored."""

from collections.abc import Sequence
from typing import Any, Final

from django.db import connection

from kamao.business.supply.sheets.index import SkuIndex
from kamao.business.supply.sheets.library import LibrarySku

_SKUS: Final = """
SELECT s.id, s.code, coalesce(b.name_zh, ''), p.name_zh, s.variant_zh, s.kind, s.region, s.currency,
    s.official_price_e4, p.name_en, s.variant_en, p.aliases, coalesce(b.name_en, '')
FROM catalog_sku AS s
JOIN catalog_product AS p ON p.id = s.product_id
LEFT JOIN catalog_brand AS b ON b.id = p.brand_id
WHERE s.status <> 'withdrawn' AND p.status <> 'withdrawn'
ORDER BY s.code
"""


def read_library() -> list[LibrarySku]:
    """Return every SKU that may be offered, with its names in both languages and its aliases."""
    with connection.cursor() as cursor:
        cursor.execute(_SKUS)
        return [_sku(row) for row in cursor.fetchall()]


def _sku(row: Sequence[Any]) -> LibrarySku:
    english = f"{row[9]} {row[10]}".strip()
    return LibrarySku(
        id=row[0], code=row[1], brand=row[2], product=row[3], variant=row[4], kind=row[5], region=row[6],
        currency=row[7], official_price_e4=row[8],
        names=(english,) if row[9] and row[10] else (),
        product_names=tuple(name for name in (row[9], *row[11]) if name and name != row[3]),
        brand_names=(row[12],) if row[12] and row[12] != row[2] else (),
    )  # fmt: skip


def read_index() -> SkuIndex:
    """Return the library prepared for matching. Names are parsed once per process; building stays under two
    seconds for 27 000 SKUs.
    """
    return SkuIndex(read_library())


_STAMP: Final = "SELECT count(*), max(updated_at) FROM catalog_sku"
_latest: dict[str, tuple[object, SkuIndex]] = {}


def recent_index() -> SkuIndex:
    """Return an index that may miss a product's new name of the last moments: for suggestions, not for
    matching.
    """
    with connection.cursor() as cursor:
        cursor.execute(_STAMP)
        stamp = cursor.fetchone()
    held = _latest.get("index")
    if held is None or held[0] != stamp:
        held = _latest["index"] = (stamp, read_index())
    return held[1]
