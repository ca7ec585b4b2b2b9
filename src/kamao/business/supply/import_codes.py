"""A file of codes from preview to sealed stock: routes each row to the supplier's offer, imports in chunks.

Owns the routing and the lots of an import. Refuses to keep a code in the clear anywhere: rows are read from
the sealed file each time, and what is stored about a row names its line and its reason only.
"""

from collections import Counter
from collections.abc import Mapping as Map
from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec
from django.db import transaction
from psycopg.types.json import Jsonb

from kamao.business.catalog.bulk import copy_rows
from kamao.business.catalog.models import Sku
from kamao.business.engine_bridge import cell_connection
from kamao.business.keyring import node_keyring
from kamao.business.supply import files
from kamao.business.supply.imports import Options, locked, move
from kamao.business.supply.library import read_index
from kamao.business.supply.models import Fate, ImportLot, ImportRow, MatchDecision, SheetImport, SupplierOffer
from kamao.business.supply.offers import STOCKED_KINDS, OfferDraft, put_supplier_offers
from kamao.business.supply.sheets.codes import CodeFile, CodeRow, read_codes
from kamao.business.supply.sheets.index import SkuIndex
from kamao.business.supply.sheets.library import LibrarySku
from kamao.business.supply.sheets.match import RowTitle, match_row
from kamao.business.supply.sheets.plan import decision_key
from kamao.business.supply.sheets.text import joined
from kamao.engine.cells import LIVE, TEST
from kamao.engine.pool import Connection
from kamao.engine.stock.operations import import_codes, open_lots
from kamao.engine.stock.types import NewCode, NewLot
from kamao.kernel.ids import RandomIds

CHUNK_CODES: Final = 10_000
_KINDS: Final = frozenset({"code"})
_COLUMNS: Final = (
    "sheet_import_id", "place", "sheet", "number", "fate", "reason", "params", "item", "title", "price_text",
    "title_key", "sku_id", "confidence", "notes", "near", "currency", "tax_included", "on_sale", "change",
    "outcome",
)  # fmt: skip


class Route(msgspec.Struct, frozen=True):
    """Where the rows of one title go: a SKU, or why not."""

    sku: UUID | None
    reason: str
    params: dict[str, str] = {}
    confidence: int = 0
    near: tuple[UUID, ...] = ()
    key: str = ""


Title = tuple[str, str, str]


def preview(import_id: UUID, *, at: datetime, index: SkuIndex | None = None) -> SheetImport:
    """Read the file, route its titles, tell what will happen; state `parsed` where no column holds codes.

    Stores no code and makes no lot. Raises Refusal file_unreadable, file_too_large.
    """
    sheet_import = SheetImport.objects.get(pk=import_id)
    code_file = read(sheet_import)
    routes = routes_of(sheet_import, code_file.rows, index=index)
    refused, goods = _judged(sheet_import, code_file, routes)
    with transaction.atomic():
        sheet_import = locked(import_id)
        doubts = [doubt for doubt in code_file.doubts if not doubt.startswith("skipped:")]
        if not code_file.rows:
            doubts = doubts or ["no_table"]
        move(sheet_import, "parsed" if doubts else "previewed")
        sheet_import.doubts = doubts
        sheet_import.sheets_left_out = [
            doubt[8:] for doubt in code_file.doubts if doubt.startswith("skipped:")
        ]
        sheet_import.mappings = []
        sheet_import.rows_total = len(code_file.rows)
        sheet_import.place_done = 0
        fates = Counter(str(row[4]) for row in refused)
        sheet_import.counts = {"offer": len(code_file.rows) - len(refused), "titles": len(goods), **fates}
        sheet_import.save()
        ImportRow.objects.filter(sheet_import=sheet_import).delete()
        copy_rows("supply_importrow", _COLUMNS, refused)
    return sheet_import


def read(sheet_import: SheetImport) -> CodeFile:
    """Read the rows of an import from its sealed file; the same places each time."""
    options = msgspec.convert(sheet_import.options, Options)
    return read_codes(
        files.load(sheet_import.id),
        sheet_import.filename,
        only=options.sheets,
        names_goods=options.offer is None,
    )


def routes_of(
    sheet_import: SheetImport, rows: Sequence[CodeRow], *, index: SkuIndex | None = None
) -> dict[Title, Route]:
    """Route every distinct title of a file once."""
    options = msgspec.convert(sheet_import.options, Options)
    titles = {(row.brand, row.name, row.spec) for row in rows}
    offer = _chosen_offer(sheet_import, options.offer)
    if offer is not None and not any(any(title) for title in titles):
        return {title: Route(offer.sku_id, "matched", confidence=100) for title in titles}
    index = index or read_index()
    by_id = {entry.sku.id: entry.sku for entry in index.entries}
    decided = dict(
        MatchDecision.objects.filter(supplier_id=sheet_import.organisation_id).values_list(
            "title_key", "sku_id"
        )
    )
    return {title: _route(title, offer, index, by_id, decided) for title in titles}


def _chosen_offer(sheet_import: SheetImport, offer: UUID | None) -> SupplierOffer | None:
    if offer is None:
        return None
    return SupplierOffer.objects.get(pk=offer, supplier_id=sheet_import.organisation_id)


def _route(
    title: Title,
    offer: SupplierOffer | None,
    index: SkuIndex,
    by_id: dict[UUID, LibrarySku],
    decided: Map[str, UUID | None],
) -> Route:
    brand, name, spec = title
    if not any(title):
        return Route(offer.sku_id, "matched", confidence=100) if offer else Route(None, "goods_unstated")
    asked = RowTitle(name=name or spec, spec=spec if name else "", brand=brand, kinds=_KINDS)
    key = decision_key(asked)
    if key in decided:
        chosen = decided[key]
        sku = by_id.get(chosen) if chosen else None
        return Route(sku.id, "decided", confidence=100, key=key) if sku else Route(None, "not_ours", key=key)
    found = match_row(asked, index)
    if found.sku is None:
        near = tuple(sku.id for sku in found.near)
        return Route(None, found.reason, {"spec": spec or name}, near=near, key=key)
    if found.sku.kind not in STOCKED_KINDS:
        return Route(None, "not_a_code_product", {"title": found.sku.title}, key=key)
    if offer is not None and offer.sku_id != found.sku.id:
        return Route(None, "goods_differ", {"title": found.sku.title}, key=key)
    return Route(found.sku.id, "matched", confidence=found.confidence, key=key)


def _judged(
    sheet_import: SheetImport, code_file: CodeFile, routes: dict[Title, Route]
) -> tuple[list[tuple[object, ...]], set[UUID]]:
    """Return the rows that will not be taken as they are, and the SKUs of the others."""
    refused = []
    goods: set[UUID] = set()
    for place, row in enumerate(code_file.rows):
        route = routes[row.brand, row.name, row.spec]
        if row.reason:
            reason = Route(None, row.reason, {"date": row.detail}, key=route.key)
            refused.append(_refused_row(sheet_import, place, row, reason, Fate.REFUSED))
        elif route.sku is None:
            final = route.reason in {"not_ours", "goods_unstated", "goods_differ", "not_a_code_product"}
            refused.append(
                _refused_row(sheet_import, place, row, route, Fate.REFUSED if final else Fate.REVIEW)
            )
        else:
            goods.add(route.sku)
    return refused, goods


def _refused_row(
    sheet_import: SheetImport, place: int, row: CodeRow, route: Route, fate: str
) -> tuple[object, ...]:
    title = joined((row.brand if row.brand not in row.name else "", row.name, row.spec))[:200].replace(
        "\x00", ""
    )
    return (
        sheet_import.id, place, row.part[:200].replace("\x00", ""), row.line, fate, route.reason,
        Jsonb(route.params), "",
        title, "", route.key, route.sku, route.confidence, Jsonb([]), Jsonb([str(sku) for sku in route.near]),
        "", True,
        True, "", "",
    )  # fmt: skip


class CodeApplier:
    """Applies an import's rows chunk by chunk; reads and routes the file once."""

    def __init__(self, sheet_import: SheetImport, *, index: SkuIndex | None = None) -> None:
        self._rows = read(sheet_import).rows
        self._routes = routes_of(sheet_import, self._rows, index=index)
        self._ids = RandomIds((LIVE if sheet_import.livemode else TEST).number)

    def apply_chunk(self, sheet_import: SheetImport, at: datetime) -> int:
        """Import the next codes in the caller's transaction; returns how many rows were gone through."""
        first = sheet_import.place_done
        last = min(first + CHUNK_CODES, len(self._rows))
        waiting = set(
            ImportRow.objects.filter(sheet_import=sheet_import, place__gte=first, place__lt=last).values_list(
                "place", flat=True
            )
        )
        places = (
            [place for place in range(first, last) if place not in waiting] if waiting else range(first, last)
        )
        self.apply_places(sheet_import, places, at=at)
        return last - first

    def apply_places(
        self, sheet_import: SheetImport, places: Sequence[int], *, at: datetime, sku: UUID | None = None
    ) -> dict[int, str]:
        """Import the codes at these places (to a decided SKU, where one is given); returns refusals by
        place.
        """
        by_sku: dict[UUID, list[int]] = {}
        refusals: dict[int, str] = {}
        for place in places:
            row = self._rows[place]
            route = self._routes[row.brand, row.name, row.spec]
            target = sku or route.sku
            if target is None or row.reason:
                # The library changed between preview and now: the row says so instead of vanishing.
                refusals[place] = row.reason or route.reason
            else:
                by_sku.setdefault(target, []).append(place)
        lots = _lots(sheet_import, by_sku, at=at)
        with cell_connection(LIVE if sheet_import.livemode else TEST) as connection:
            for target in sorted(by_sku):
                refusals |= self._import(connection, lots[target], by_sku[target], at=at)
        self._note(sheet_import, by_sku, lots, refusals, at=at, decided=sku is not None)
        return refusals

    def _import(
        self, connection: Connection, lot: "ImportLot", places: Sequence[int], *, at: datetime
    ) -> dict[int, str]:
        keyring = node_keyring()
        offer = lot.offer
        made = open_lots(
            connection,
            [NewLot(lot.lot, offer.id, offer.supplier_id, offer.sku_id, str(lot.sheet_import_id))],
            at=at, keyring=keyring,
        )  # fmt: skip
        if made[0] not in {"created", "repeated"}:
            return dict.fromkeys(places, made[0])
        rows = self._rows
        codes = [NewCode(rows[place].number, rows[place].secret, rows[place].expires_at) for place in places]
        outcomes = import_codes(connection, lot.lot, codes, at=at, ids=self._ids, keyring=keyring)
        return {
            place: outcome for place, outcome in zip(places, outcomes, strict=True) if outcome != "imported"
        }

    def _note(
        self,
        sheet_import: SheetImport,
        by_sku: dict[UUID, list[int]],
        lots: dict[UUID, ImportLot],
        refusals: dict[int, str],
        *,
        at: datetime,
        decided: bool,
    ) -> None:
        """Write counts and, unless rows for these places stand already, the refused rows."""
        imported = 0
        for target, places in by_sku.items():
            taken = sum(place not in refusals for place in places)
            imported += taken
            lot = lots[target]
            lot.imported += taken
        ImportLot.objects.bulk_update(lots.values(), ["imported"])
        counts = Counter(sheet_import.counts)
        counts["applied"] += imported
        if not decided:
            counts["refused"] += len(refusals)
            counts["offer"] -= len(refusals)
            rows = []
            for place, reason in sorted(refusals.items()):
                row = self._rows[place]
                expired = row.expires_at.date().isoformat() if row.expires_at and reason == "expired" else ""
                route = Route(None, reason, {"date": expired} if expired else {})
                rows.append(_refused_row(sheet_import, place, row, route, Fate.REFUSED))
            copy_rows("supply_importrow", _COLUMNS, rows)
        sheet_import.counts = {name: count for name, count in counts.items() if count}


def _lots(sheet_import: SheetImport, skus: dict[UUID, list[int]], *, at: datetime) -> dict[UUID, ImportLot]:
    """Return the import's lot for each SKU, making offers that wait for a quote and lots where there are
    none.
    """
    lots = {
        lot.offer.sku_id: lot
        for lot in ImportLot.objects.filter(sheet_import=sheet_import, offer__sku__in=skus).select_related(
            "offer"
        )
    }
    missing = [sku for sku in skus if sku not in lots]
    offers = _offers(sheet_import, missing, at=at) if missing else {}
    for sku in missing:
        lots[sku] = ImportLot.objects.create(sheet_import=sheet_import, offer=offers[sku])
    return lots


def _offers(sheet_import: SheetImport, skus: Sequence[UUID], *, at: datetime) -> dict[UUID, SupplierOffer]:
    supplier, livemode = sheet_import.organisation_id, sheet_import.livemode
    options = msgspec.convert(sheet_import.options, Options)
    offers = SupplierOffer.objects.filter(supplier_id=supplier, livemode=livemode, sku_id__in=skus)
    if options.offer is not None:
        offers = offers.filter(pk=options.offer)
    found: dict[UUID, SupplierOffer] = {}
    # The offer on sale takes the codes; of several, the oldest.
    for offer in sorted(offers, key=lambda offer: (offer.status != "active", offer.created_at, offer.id)):
        found.setdefault(offer.sku_id, offer)
    unquoted = Sku.objects.in_bulk([sku for sku in skus if sku not in found])
    drafts = [
        OfferDraft(sku=sku.id, unit_price_e4=sku.official_price_e4 or 1, currency=sku.currency,
                   on_sale=False, awaiting_quote=True)
        for sku in unquoted.values()
    ]  # fmt: skip
    outcomes = put_supplier_offers(supplier, drafts, at=at, livemode=livemode) if drafts else []
    made = SupplierOffer.objects.in_bulk([outcome.offer for outcome in outcomes if outcome.offer])
    return found | {offer.sku_id: offer for offer in made.values()}
