"""What narrows a list of SKUs, as SQL conditions over ``catalog_sku s``. Refuses values inside the SQL
text.
"""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

import msgspec
from django.db import connection


def subtree_ids(category_ids: Sequence[UUID]) -> dict[UUID, list[UUID]]:
    """Return for each category the ids of itself and of everything below it; empty for unknown ones."""
    found: dict[UUID, list[UUID]] = {key: [] for key in category_ids}
    if not found:
        return found
    with connection.cursor() as cursor:
        cursor.execute("SELECT id, path FROM catalog_category WHERE path && %s::uuid[]", [list(found)])
        for key, path in cursor.fetchall():
            for above in path:
                if above in found:
                    found[above].append(key)
    return found


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
            # Ids instead of a sub-select: the planner then sees whether to walk by popularity or by category.
            conditions.append("s.category_id = ANY(%s::uuid[])")
            arguments.append(subtree_ids([self.category_id])[self.category_id])
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
