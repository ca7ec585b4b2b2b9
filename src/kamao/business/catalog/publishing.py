"""Publishes SKUs to the engine's reference tables of both modes, in the caller's transaction.

The library is one; each mode's engine has its copy of what it must know to price and place an order.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db import connection

from kamao.business.engine_bridge import cell_connection
from kamao.engine import cells
from kamao.engine.pricing.operations import put_skus
from kamao.engine.pricing.types import SkuUpsert

_READ: Final = """
SELECT s.id, s.code, s.kind, s.currency, c.path, s.min_quantity, s.max_quantity, s.multiple,
    s.official_price_e4, s.topup_form_id IS NOT NULL, s.promise_s, d.id,
    CASE WHEN p.status = 'withdrawn' THEN 'withdrawn' ELSE s.status END
FROM catalog_sku s
JOIN catalog_category c ON c.id = s.category_id
JOIN catalog_product p ON p.id = s.product_id
LEFT JOIN catalog_skupromise d ON d.sku_id = s.id AND d.number = s.promise_no
WHERE s.id = ANY(%s::uuid[])
"""


def publish_skus(sku_ids: Sequence[UUID], *, at: datetime) -> None:
    """Bring the engine's copies to the library's present state; call inside ``transaction.atomic()``."""
    with connection.cursor() as cursor:
        cursor.execute(_READ, [list(sku_ids)])
        rows = cursor.fetchall()
    upserts = [
        SkuUpsert(
            id=row[0],
            code=row[1],
            kind=row[2],
            currency=row[3],
            categories=tuple(row[4]),
            min_quantity=row[5],
            max_quantity=row[6],
            multiple=row[7],
            official_price_e4=row[8],
            target_required=row[9],
            promise_s=row[10],
            promise_id=row[11],
            status=row[12],
        )
        for row in rows
    ]
    for cell in cells.ALL:
        with cell_connection(cell) as raw:
            outcomes = put_skus(raw, upserts, at=at)
        refused = [
            upsert.code for upsert, outcome in zip(upserts, outcomes, strict=True) if outcome != "done"
        ]
        assert not refused, f"SKU codes are unique in the library, so the engine cannot refuse {refused[:3]}"
