"""Column mappings of a supplier: proposed from the sheet, chosen by a person, remembered by the headers.

Refuses roles that do not exist and one role for two columns.
"""

import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from kamao.business.supply.models import ColumnMapping
from kamao.business.supply.sheets.columns import ROLES, Column, Mapping
from kamao.business.supply.sheets.table import Table
from kamao.business.supply.sheets.text import compact
from kamao.kernel.errors import Refusal


def headers_key(headers: Sequence[str]) -> str:
    """Return the key of a header row: the same headers in the same order, however they are written."""
    joined = "\x1f".join(compact(header) for header in headers)
    return hashlib.sha256(joined.encode()).hexdigest()


def with_remembered(organisation_id: UUID, kind: str, tables: Sequence[Table]) -> list[Table]:
    """Return the tables with the mapping a person chose for the same headers before, where there is one."""
    keys = {headers_key(table.headers) for table in tables}
    known = {
        row.headers_key: row.columns
        for row in ColumnMapping.objects.filter(
            organisation_id=organisation_id, kind=kind, headers_key__in=keys
        )
    }
    chosen = []
    for table in tables:
        columns = known.get(headers_key(table.headers))
        if columns is not None:
            chosen.append(msgspec.structs.replace(table, mapping=_mapping(columns)))
        else:
            chosen.append(table)
    return chosen


def _mapping(columns: list[dict[str, Any]]) -> Mapping:
    return Mapping(tuple(msgspec.convert(column, Column) for column in columns))


def remember(
    organisation_id: UUID,
    kind: str,
    headers: Sequence[str],
    choice: Sequence[tuple[int, str, bool]],
    *,
    at: datetime,
) -> Mapping:
    """Keep a person's choice: (column from 0, role, bare numbers are fen). Raises Refusal `invalid`."""
    roles = [role for _, role, _ in choice]
    places = [place for place, _, _ in choice]
    if not set(roles) <= set(ROLES) or len(set(roles)) < len(roles) or len(set(places)) < len(places):
        raise Refusal("invalid", zh="每种含义只能选一列。", en="Choose each meaning for one column only.")
    if any(not 0 <= place < len(headers) for place in places):
        raise Refusal("invalid", zh="没有这一列。", en="There is no such column.")
    wanted = {"offers": ({"name", "spec"}, {"price"}), "codes": ({"secret"},)}.get(kind, ())
    if any(not group & set(roles) for group in wanted):
        raise Refusal(
            "invalid",
            zh="请至少选择商品名称和供货价。",
            en="Choose at least the product name and the supply price.",
        )
    columns = [
        Column(
            place, headers[place], role, 100, fen=fen, tax=_tax(headers[place]), face="面值" in headers[place]
        )
        for place, role, fen in choice
    ]
    ColumnMapping.objects.update_or_create(
        organisation_id=organisation_id, kind=kind, headers_key=headers_key(headers),
        defaults={
            "headers": list(headers),
            "columns": [msgspec.to_builtins(column) for column in columns],
            "decided_at": at,
        },
    )  # fmt: skip
    return Mapping(tuple(columns))


def _tax(header: str) -> bool | None:
    return False if "不含税" in header or "未税" in header else True if "含税" in header else None
