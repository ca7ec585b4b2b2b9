"""What a price sheet asks for, row by row: put on sale, ask a person, or refuse, each with its reason.

Owns the order of the checks. Refuses to touch anything: it answers with plain values, the same for page, API
and CLI.
"""

from collections.abc import Mapping as Map
from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec

from kamao.business.supply.sheets import words
from kamao.business.supply.sheets.columns import Mapping
from kamao.business.supply.sheets.index import SkuIndex
from kamao.business.supply.sheets.library import LibrarySku
from kamao.business.supply.sheets.match import Match, RowTitle, match_row
from kamao.business.supply.sheets.table import Line, Table
from kamao.business.supply.sheets.text import compact, fold, joined, visible
from kamao.business.supply.sheets.values import (
    CellValue,
    Price,
    cell_text,
    parse_count,
    parse_expiry,
    parse_price,
    parse_state,
)
from kamao.kernel.money import E4

ITEM_MAX: Final = 64
TITLE_MAX: Final = 200
NOT_OURS: Final = "not_ours"
_FAR_BELOW: Final = 10


class Decision(msgspec.Struct, frozen=True):
    """What a person said about a title before: a SKU, or that the goods are not ours (``sku`` None)."""

    sku: UUID | None


class PlannedRow(msgspec.Struct, frozen=True):
    """One row's fate. ``fate`` is offer, review, refused or skipped; ``reason`` a code of `reasons`.

    ``unit_price_e4`` is None where an item goes off sale without naming a price.
    """

    sheet: str
    number: int
    fate: str
    reason: str
    params: dict[str, str] = {}
    item: str = ""
    title: str = ""
    price_text: str = ""
    key: str = ""
    sku: LibrarySku | None = None
    confidence: int = 0
    notes: tuple[str, ...] = ()
    near: tuple[UUID, ...] = ()
    unit_price_e4: int | None = None
    official_e4: int | None = None
    currency: str = ""
    tax_included: bool = True
    on_sale: bool = True
    stock: int | None = None
    effective_at: datetime | None = None


class _Cells(msgspec.Struct):
    """One line read through its table's mapping."""

    line: Line
    mapping: Mapping
    places: dict[str, int]

    def value(self, role: str) -> CellValue:
        at = self.places.get(role, -1)
        return self.line.cells[at] if 0 <= at < len(self.line.cells) else None

    def text(self, role: str) -> str:
        value = self.value(role)
        return "" if value is None else visible(cell_text(value))


def yuan(price_e4: int) -> str:
    """Return a unit price for a sentence: at least two decimals, no more than it has."""
    whole, rest = divmod(price_e4, E4)
    digits = f"{rest:04d}"
    return f"{whole}.{digits.rstrip('0').ljust(2, '0')}"


def title_of(cells: "_Cells", kinds: frozenset[str]) -> RowTitle:
    """Return what a line says about its goods."""
    stated = _kinds(cells.text("kind"), cells.text("target")) or kinds
    spec_column = cells.mapping.column("spec")
    name = cells.text("name")
    return RowTitle(
        name=name or cells.text("spec"),
        spec=cells.text("spec") if name else "",
        brand=cells.text("brand"),
        kinds=stated,
        region=cells.text("region"),
        context=cells.line.context,
        spec_is_face=bool(spec_column and spec_column.face),
    )


def _kinds(kind: str, target: str) -> frozenset[str]:
    known = words.KIND_CELLS.get(compact(kind))
    if known:
        return frozenset({known})
    folded = fold(target)
    if folded and any(word in folded for word in words.TARGET_CELLS):
        return frozenset({"topup"})
    return frozenset()


def decision_key(title: RowTitle) -> str:
    """Return the key under which a person's decision about a title is remembered."""
    kinds = "+".join(sorted(title.kinds))
    return "|".join((compact(joined((title.brand, title.name, title.spec))), kinds, compact(title.region)))[
        :300
    ]


def plan_offers(
    tables: Sequence[Table],
    index: SkuIndex,
    *,
    decisions: Map[str, Decision],
    known_items: Map[str, UUID],
    at: datetime,
) -> list[PlannedRow]:
    """Plan every row of a price sheet, in file order.

    ``known_items`` are the supplier's items by their number with the SKU they stand for so far.
    """
    by_id = {entry.sku.id: entry.sku for entry in index.entries}
    planner = _Planner(index, by_id, decisions, known_items, at)
    return [planner.row(table, line) for table in tables for line in table.lines]


class _Planner:
    def __init__(
        self,
        index: SkuIndex,
        by_id: Map[UUID, LibrarySku],
        decisions: Map[str, Decision],
        known_items: Map[str, UUID],
        at: datetime,
    ) -> None:
        self._index = index
        self._by_id = by_id
        self._decisions = decisions
        self._known = known_items
        self._at = at
        self._known_skus = frozenset(known_items.values())
        self._table: Table | None = None
        self._places: dict[str, int] = {}
        self._items: dict[str, tuple[str, int]] = {}
        self._goods: dict[UUID, tuple[str, int]] = {}

    def row(self, table: Table, line: Line) -> PlannedRow:
        if line.nature != "goods":
            text = joined([cell_text(cell) for cell in line.cells])[:TITLE_MAX]
            fate = "refused" if line.nature in {"total", "hidden"} else "skipped"
            return PlannedRow(line.sheet, line.number, fate, line.nature, title=text)
        if self._table is not table:
            self._table = table
            self._places = {column.role: column.at for column in table.mapping.columns}
        cells = _Cells(line, table.mapping, self._places)
        title = title_of(cells, table.kinds)
        found = self._match(title)
        planned = self._read(table, cells, title, found)
        return self._judge(planned, cells, found)

    def _match(self, title: RowTitle) -> Match:
        decided = self._decisions.get(decision_key(title))
        if decided is None:
            return match_row(title, self._index)
        if decided.sku is None:
            return Match(None, 0, NOT_OURS)
        sku = self._by_id.get(decided.sku)
        return Match(sku, 100, "decided", ("decided",)) if sku else match_row(title, self._index)

    def _read(self, table: Table, cells: _Cells, title: RowTitle, found: Match) -> PlannedRow:
        column = table.mapping.column("price")
        official = table.mapping.column("official")
        listed = parse_price(cells.value("official"), fen=bool(official and official.fen))
        tax = column.tax if column and column.tax is not None else table.tax
        return PlannedRow(
            cells.line.sheet,
            cells.line.number,
            "offer",
            found.reason,
            item=cells.text("item"),
            title=joined((title.brand if title.brand not in title.name else "", title.name, title.spec))[
                :TITLE_MAX
            ],
            price_text=cells.text("price")[:64],
            key=decision_key(title),
            sku=found.sku,
            confidence=found.confidence,
            notes=found.notes,
            near=tuple(sku.id for sku in found.near),
            official_e4=listed.unit_price_e4,
            tax_included=tax is not False,
            stock=parse_count(cells.value("stock")),
        )

    def _judge(self, row: PlannedRow, cells: _Cells, found: Match) -> PlannedRow:
        """Apply the checks in order: name, number twice, state, price, match, currency, size of the price."""
        if found.reason == "name_missing":
            return _refuse(row, "name_missing")
        if len(row.item) > ITEM_MAX:
            return _refuse(row, "item_too_long")
        place = (row.sheet, row.number)
        first = self._items.setdefault(row.item, place) if row.item else place
        if first != place:
            return _refuse(row, "duplicate_item", item=row.item, row=_place(first, place))
        state = parse_state(cells.value("state"))
        if state is None:
            return _refuse(row, "state_unreadable", state=cells.text("state")[:32])
        column = cells.mapping.column("price")
        price = parse_price(cells.value("price"), fen=bool(column and column.fen))
        row = msgspec.structs.replace(row, on_sale=state == "on", unit_price_e4=price.unit_price_e4)
        if price.reason and not (price.reason in {"price_missing", "price_not_for_sale"} and row.sku):
            return _refuse(row, price.reason, price=row.price_text)
        effective = parse_effective(cells.value("effective"))
        if effective == "":
            return _refuse(row, "date_unreadable", date=cells.text("effective")[:32])
        if isinstance(effective, datetime) and effective > self._at:
            row = msgspec.structs.replace(row, effective_at=effective)
        if found.sku is None:
            return self._unmatched(row, found, cells)
        return self._matched(row, found.sku, price, cells)

    def _unmatched(self, row: PlannedRow, found: Match, cells: _Cells) -> PlannedRow:
        if found.reason == NOT_OURS:
            return _refuse(row, NOT_OURS)
        params = {"spec": cells.text("spec") or cells.text("name")}
        return msgspec.structs.replace(row, fate="review", reason=found.reason, params=params)

    def _matched(self, row: PlannedRow, sku: LibrarySku, price: Price, cells: _Cells) -> PlannedRow:
        if price.reason:
            # Off sale without a price: an item we know goes off sale, one we do not know is left out.
            known = row.item in self._known or (not row.item and sku.id in self._known_skus)
            if price.reason == "price_missing" and row.on_sale:
                return _refuse(row, price.reason, price=row.price_text)
            row = msgspec.structs.replace(row, on_sale=False)
            return row if known else _refuse(row, "not_on_sale")
        before = self._known.get(row.item) if row.item else None
        if before is not None and before != sku.id:
            old = self._by_id.get(before)
            return _review(
                row, "item_moved", item=row.item, before=old.title if old else "?", after=sku.title
            )
        if not row.item:
            place = (row.sheet, row.number)
            first = self._goods.setdefault(sku.id, place)
            if first != place:
                return _refuse(row, "duplicate_goods", row=_place(first, place))
        column = cells.mapping.column("price")
        named = price.currency or (column.currency if column else "") or _currency(cells.text("currency"))
        currency = named or sku.currency
        row = msgspec.structs.replace(row, currency=currency)
        if currency != sku.currency:
            return _review(row, "currency_differs", price=f"{row.price_text} {currency}")
        return _check_size(row, sku)


def _place(first: tuple[str, int], here: tuple[str, int]) -> str:
    return str(first[1]) if first[0] == here[0] else f"{first[0]} {first[1]}"


def parse_effective(value: CellValue) -> datetime | str | None:
    """Return the moment from which a row's price holds: None where none is stated, "" where it is unreadable.

    A bare day means its beginning in the business zone.
    """
    if cell_text(value).strip() == "":
        return None
    moment = parse_expiry(value, day_ends=False)
    return "" if moment.reason else moment.at


def _currency(text: str) -> str:
    folded = fold(text)
    if not folded:
        return ""
    probe = parse_price(f"1{folded}")
    return probe.currency or folded.upper()[:3]


def _check_size(row: PlannedRow, sku: LibrarySku) -> PlannedRow:
    price, official = row.unit_price_e4 or 0, sku.official_price_e4
    if official and row.reason != "decided":
        params = {"price": yuan(price), "official": yuan(official)}
        if price > official:
            return _review(row, "price_above_official", **params)
        if price * _FAR_BELOW < official:
            return _review(row, "price_far_below_official", **params)
    return row


def _refuse(row: PlannedRow, reason: str, /, **params: str) -> PlannedRow:
    return msgspec.structs.replace(row, fate="refused", reason=reason, params=params)


def _review(row: PlannedRow, reason: str, /, **params: str) -> PlannedRow:
    return msgspec.structs.replace(row, fate="review", reason=reason, params=params)


def fen_suspected(rows: Sequence[PlannedRow]) -> bool:
    """Tell whether a sheet's prices look like fen: most matched rows cost more than twenty official
    prices.
    """
    priced = [
        (row.unit_price_e4, row.sku.official_price_e4)
        for row in rows
        if row.sku and row.sku.official_price_e4 and row.unit_price_e4 is not None
    ]
    huge = [price for price, official in priced if price > 20 * official]
    return len(huge) >= 3 and len(huge) * 5 >= len(priced) * 4
