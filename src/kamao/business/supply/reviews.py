"""The review queue: a person says what a row means, once; the answer is remembered for that supplier.

Owns decisions and their effect on rows that wait. Refuses rows of another organisation (404) and rows that
wait for something else than a decision.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from kamao.business.catalog.models import Sku
from kamao.business.identity import audit
from kamao.business.supply.import_codes import CodeApplier
from kamao.business.supply.import_offers import apply_rows
from kamao.business.supply.imports import locked
from kamao.business.supply.library import recent_index
from kamao.business.supply.models import Fate, ImportRow, MatchDecision, SheetImport
from kamao.business.supply.sheets.index import SkuIndex
from kamao.business.supply.sheets.match import RowTitle, suggest
from kamao.kernel.errors import Refusal

_OPEN_STATES: Final = ("previewed", "applying", "done", "failed")
_NOT_ABOUT_TITLE: Final = frozenset(
    {"price_above_official", "price_far_below_official", "currency_differs", "item_moved"}
)
"""Reasons that ask to confirm a value, not what a title means: the answer holds for that row alone."""


def waiting(supplier_id: UUID | None = None) -> QuerySet[ImportRow]:
    """Rows that wait for a decision: of one supplier, or of all of them for the operator's queue."""
    rows = ImportRow.objects.filter(fate=Fate.REVIEW, sheet_import__state__in=_OPEN_STATES).select_related(
        "sheet_import", "sheet_import__organisation", "sku", "sku__product"
    )
    return rows if supplier_id is None else rows.filter(sheet_import__organisation_id=supplier_id)


def suggestions(row: ImportRow, *, index: SkuIndex | None = None, limit: int = 5) -> list[tuple[Sku, int]]:
    """Return SKUs a waiting row may mean with a likeness in percent: what the match found near, then the most
    alike.
    """
    index = index or recent_index()
    ranked = suggest(RowTitle(name=row.title), index, limit=limit) if row.title else []
    likeness = {sku.id: score for sku, score in ranked}
    near = [UUID(text) for text in row.near]
    wanted = list(dict.fromkeys([*([row.sku_id] if row.sku_id else []), *near, *likeness]))[
        : limit + len(near)
    ]
    skus = Sku.objects.select_related("product").in_bulk(wanted)
    return [(skus[sku], likeness.get(sku, 0)) for sku in wanted if sku in skus][:limit]


def decide(
    row_id: int,
    *,
    sku_id: UUID | None,
    at: datetime,
    actor: audit.Actor,
    supplier_id: UUID | None = None,
) -> int:
    """Settle a waiting row: it is this SKU, or (None) not our goods. Returns how many rows that settled.

    A decision about a title settles every waiting row of the supplier with the same title and is remembered;
    one about a value (an unusual price) settles its own row. Rows of imports already applied are put on sale
    at once.
    """
    with transaction.atomic():
        row = waiting(supplier_id).select_for_update(of=("self",)).filter(pk=row_id).first()
        if row is None:
            raise Refusal(
                "not_found", zh="这一行已处理或不存在。", en="This row was settled or does not exist."
            )
        if sku_id is not None and not Sku.objects.filter(pk=sku_id).exclude(status="withdrawn").exists():
            raise Refusal("not_found", zh="没有这个规格。", en="There is no such SKU.")
        supplier = row.sheet_import.organisation_id
        rows = [row]
        if row.reason not in _NOT_ABOUT_TITLE:
            MatchDecision.objects.update_or_create(
                supplier_id=supplier, title_key=row.title_key,
                defaults={"title": row.title, "sku_id": sku_id, "user_id": actor.user, "decided_at": at},
            )  # fmt: skip
            same = waiting(supplier).select_for_update(of=("self",)).filter(title_key=row.title_key)
            rows = [other for other in same if other.reason not in _NOT_ABOUT_TITLE]
        _settle(rows, sku_id, at=at)
        audit.record("match.decide", actor=actor, at=at, organisation=supplier, object_kind="import_row",
                     object_id=str(row_id), details={"title": row.title,
                                                     "sku": str(sku_id) if sku_id else None})  # fmt: skip
    return len(rows)


def forget(decision_id: UUID, *, supplier_id: UUID) -> None:
    """Forget a remembered decision. Raises Refusal `not_found`."""
    if not MatchDecision.objects.filter(pk=decision_id, supplier_id=supplier_id).delete()[0]:
        raise Refusal("not_found")


def _settle(rows: Sequence[ImportRow], sku_id: UUID | None, *, at: datetime) -> None:
    by_import: dict[UUID, list[ImportRow]] = {}
    for row in rows:
        by_import.setdefault(row.sheet_import_id, []).append(row)
    for import_id in sorted(by_import):
        sheet_import = locked(import_id)
        _settle_in(sheet_import, by_import[import_id], sku_id, at=at)


def _settle_in(
    sheet_import: SheetImport, rows: Sequence[ImportRow], sku_id: UUID | None, *, at: datetime
) -> None:
    taken = []
    for row in rows:
        row.sku_id = sku_id or row.sku_id
        if sku_id is None:
            row.fate, row.reason = Fate.REFUSED, "not_ours"
        elif row.unit_price_e4 is None and sheet_import.kind == "offers":
            row.fate, row.reason = Fate.REFUSED, "price_missing"
        else:
            row.fate, row.reason, row.confidence = Fate.OFFER, "decided", 100
            row.change = row.change or "new"
            taken.append(row)
    ImportRow.objects.bulk_update(rows, ["fate", "reason", "sku", "confidence", "change"])
    counts = dict(sheet_import.counts)
    counts["review"] = counts.get("review", 0) - len(rows)
    counts["offer"] = counts.get("offer", 0) + len(taken)
    counts["refused"] = counts.get("refused", 0) + len(rows) - len(taken)
    sheet_import.counts = {name: count for name, count in counts.items() if count}
    passed = [row for row in taken if row.place < sheet_import.place_done]
    if passed and sheet_import.state in {"applying", "done", "failed"}:
        if sheet_import.kind == "codes":
            _import_late(sheet_import, passed, sku_id, at=at)
        else:
            apply_rows(sheet_import, passed, at=at)
    sheet_import.save(update_fields=["counts"])


def _import_late(
    sheet_import: SheetImport, rows: Sequence[ImportRow], sku_id: UUID | None, *, at: datetime
) -> None:
    """Import the codes of rows that were decided after their import went past them."""
    places = {row.place: row for row in rows}
    refusals = CodeApplier(sheet_import).apply_places(sheet_import, sorted(places), at=at, sku=sku_id)
    for place, row in places.items():
        row.outcome = refusals.get(place, "imported")
        if place in refusals:
            row.fate, row.reason = Fate.REFUSED, refusals[place]
    ImportRow.objects.bulk_update(rows, ["fate", "reason", "outcome"])
