"""A price sheet from preview to offers: plans every row, keeps the plan, applies it in chunks.

Refuses to apply anything the preview did not show.
"""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec
from django.db import transaction
from psycopg.types.json import Jsonb

from kamao.business.catalog.bulk import copy_rows
from kamao.business.supply import files, mappings
from kamao.business.supply.imports import Options, locked, move
from kamao.business.supply.library import read_index
from kamao.business.supply.models import Fate, ImportRow, MatchDecision, SheetImport, SupplierOffer
from kamao.business.supply.offers import OfferDraft, put_supplier_offers
from kamao.business.supply.sheets.index import SkuIndex
from kamao.business.supply.sheets.plan import Decision, PlannedRow, fen_suspected, plan_offers
from kamao.business.supply.sheets.reader import read_book
from kamao.business.supply.sheets.table import Table, find_tables

CHUNK_ROWS: Final = 2_000

_COLUMNS: Final = (
    "sheet_import_id", "place", "sheet", "number", "fate", "reason", "params", "item", "title", "price_text",
    "title_key", "sku_id", "confidence", "notes", "near", "unit_price_e4", "currency", "tax_included",
    "on_sale",
    "stock", "effective_at", "change", "previous_e4", "outcome",
)  # fmt: skip


class _Known(msgspec.Struct, frozen=True):
    """An offer the supplier has, for telling what a row changes."""

    sku: UUID
    unit_price_e4: int
    status: str
    awaiting_quote: bool


def preview(import_id: UUID, *, at: datetime, index: SkuIndex | None = None) -> SheetImport:
    """Read and plan the file; state `parsed` where the columns are unclear, else `previewed`. Writes no
    offer.

    May be called again (after columns were chosen or rows decided). Raises Refusal file_unreadable,
    file_too_large.
    """
    sheet_import = SheetImport.objects.get(pk=import_id)
    book = read_book(files.load(import_id), sheet_import.filename)
    only = msgspec.convert(sheet_import.options, Options).sheets
    if only:
        book = msgspec.structs.replace(book, sheets=[sheet for sheet in book.sheets if sheet.name in only])
    tables, left_out = find_tables(book)
    tables = mappings.with_remembered(sheet_import.organisation_id, "offers", tables)
    doubts = [doubt for table in tables for doubt in table.mapping.doubts] or ([] if tables else ["no_table"])
    planned: list[PlannedRow] = []
    known: dict[str, _Known] = {}
    if not doubts:
        index = index or read_index()
        known = _known_items(sheet_import)
        planned = plan_offers(
            tables, index, decisions=_decisions(sheet_import.organisation_id),
            known_items={item: offer.sku for item, offer in known.items() if not offer.awaiting_quote}, at=at,
        )  # fmt: skip
    with transaction.atomic():
        sheet_import = locked(import_id)
        move(sheet_import, "parsed" if doubts else "previewed")
        sheet_import.doubts = doubts or (["fen_suspected"] if fen_suspected(planned) else [])
        sheet_import.mappings = [_described(table) for table in tables]
        sheet_import.sheets_left_out = left_out
        sheet_import.rows_total = len(planned)
        sheet_import.place_done = 0
        rows = [_row(sheet_import, place, row, known) for place, row in enumerate(planned)]
        sheet_import.counts = _counts(rows)
        sheet_import.save()
        ImportRow.objects.filter(sheet_import=sheet_import).delete()
        copy_rows("supply_importrow", _COLUMNS, rows)
    return sheet_import


def _described(table: Table) -> dict[str, object]:
    """Return what a page needs to show and change a table's mapping."""
    header = next((line.number for line in table.lines if line.nature == "header"), 0)
    sample = [
        [str(cell or "")[:40] for cell in line.cells] for line in table.lines if line.nature == "goods"
    ][:3]
    return {
        "sheet": table.sheet,
        "headers": list(table.headers),
        "header_row": header,
        "columns": [msgspec.to_builtins(column) for column in table.mapping.columns],
        "sample": sample,
    }


def _known_items(sheet_import: SheetImport) -> dict[str, _Known]:
    offers = SupplierOffer.objects.filter(
        supplier_id=sheet_import.organisation_id, livemode=sheet_import.livemode
    )
    rows = offers.values_list("item", "sku_id", "unit_price_e4", "status", "awaiting_quote")
    return {row[0]: _Known(*row[1:]) for row in rows.iterator(10_000)}


def _decisions(supplier_id: UUID) -> dict[str, Decision]:
    rows = MatchDecision.objects.filter(supplier_id=supplier_id).values_list("title_key", "sku_id")
    return {key: Decision(sku) for key, sku in rows}


def _row(
    sheet_import: SheetImport, place: int, row: PlannedRow, known: dict[str, _Known]
) -> tuple[object, ...]:
    before = known.get(row.item or f"~{row.sku.code}") if row.sku else None
    change = _change(row, before) if row.fate == "offer" else ""
    return (
        sheet_import.id, place, row.sheet[:200], row.number, row.fate, row.reason, Jsonb(row.params),
        row.item[:120].replace("\x00", ""), row.title, row.price_text, row.key,
        row.sku.id if row.sku else None,
        row.confidence, Jsonb(list(row.notes)), Jsonb([str(sku) for sku in row.near]), row.unit_price_e4,
        row.currency, row.tax_included, row.on_sale, row.stock, row.effective_at, change,
        before.unit_price_e4 if before else None, "",
    )  # fmt: skip


def _change(row: PlannedRow, before: _Known | None) -> str:
    if before is None or before.awaiting_quote:
        return "new" if row.on_sale else "new_paused"
    if not row.on_sale:
        return "paused" if before.status == "active" else "same"
    if row.unit_price_e4 is not None and row.unit_price_e4 != before.unit_price_e4:
        return "price"
    return "same" if before.status == "active" else "resumed"


def _counts(rows: Sequence[tuple[object, ...]]) -> dict[str, int]:
    """Count rows by fate and, among those taken over, by what they change."""
    fate, change = _COLUMNS.index("fate"), _COLUMNS.index("change")
    counts = Counter(str(row[fate]) for row in rows)
    counts.update(f"change_{row[change]}" for row in rows if row[change])
    return dict(counts)


def apply_chunk(sheet_import: SheetImport, at: datetime) -> int:
    """Write the offers of the next rows; returns how many rows were gone through. Runs in the caller's
    transaction.
    """
    first = sheet_import.place_done
    last = min(first + CHUNK_ROWS, sheet_import.rows_total)
    rows = list(
        ImportRow.objects.filter(
            sheet_import=sheet_import, fate=Fate.OFFER, outcome="", place__gte=first, place__lt=last
        ).order_by("place")
    )
    apply_rows(sheet_import, rows, at=at)
    return last - first


def apply_rows(sheet_import: SheetImport, rows: Sequence[ImportRow], *, at: datetime) -> None:
    """Write the offers of these rows and each row's outcome; a refused one becomes a refused row with its
    reason.
    """
    drafts = [_draft(sheet_import, row) for row in rows]
    outcomes = put_supplier_offers(
        sheet_import.organisation_id, drafts, at=at, livemode=sheet_import.livemode
    )
    refused = []
    for row, outcome in zip(rows, outcomes, strict=True):
        row.outcome = "done" if outcome.code == "done" else outcome.code
        if outcome.code != "done":
            row.fate, row.reason, row.params = Fate.REFUSED, outcome.code, {}
            refused.append(row)
    done = [row.pk for row in rows if row.outcome == "done"]
    ImportRow.objects.filter(pk__in=done).update(outcome="done")
    ImportRow.objects.bulk_update(refused, ["fate", "reason", "params", "outcome"])
    counts = Counter(sheet_import.counts)
    counts["applied"] += len(done)
    if refused:
        counts["refused"] += len(refused)
        counts["offer"] -= len(refused)
    sheet_import.counts = dict(counts)


def _draft(sheet_import: SheetImport, row: ImportRow) -> OfferDraft:
    assert row.sku_id is not None
    return OfferDraft(
        sku=row.sku_id,
        item=row.item,
        title=row.title,
        unit_price_e4=row.unit_price_e4,
        currency=row.currency or "CNY",
        tax_included=row.tax_included,
        on_sale=row.on_sale,
        stated_stock=row.stock,
        effective_from=row.effective_at or sheet_import.effective_at,
    )
