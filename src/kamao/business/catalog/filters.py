"""What narrows a list of SKUs, as SQL conditions over ``catalog_sku s``. Refuses values inside the SQL text."""

from typing import Final
from uuid import UUID

import msgspec


class SkuFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Conditions that all must hold; None and empty mean no condition. Durations are in days."""

    category_id: UUID | None = None
    brand_id: UUID | None = None
    scene_id: UUID | None = None
    kind: str | None = None
    duration_min_days: int | None = None
    duration_max_days: int | None = None
    product_id: UUID | None = None

    def sql(self) -> tuple[str, list[object]]:
        """Return conditions, each beginning with AND, and their arguments."""
        conditions: list[str] = []
        arguments: list[object] = []
        if self.category_id is not None:
            conditions.append(
                "s.category_id IN (SELECT c.id FROM catalog_category c WHERE c.path @> ARRAY[%s]::uuid[])"
            )
            arguments.append(self.category_id)
        if self.scene_id is not None:
            conditions.append("s.scene_ids @> ARRAY[%s]::uuid[]")
            arguments.append(self.scene_id)
        for column, value in (
            ("brand_id = %s", self.brand_id),
            ("kind = %s", self.kind),
            ("duration_days >= %s", self.duration_min_days),
            ("duration_days <= %s", self.duration_max_days),
            ("product_id = %s", self.product_id),
        ):
            if value is not None:
                conditions.append("s." + column)
                arguments.append(value)
        return "".join(" AND " + condition for condition in conditions), arguments


NO_FILTER: Final = SkuFilter()
