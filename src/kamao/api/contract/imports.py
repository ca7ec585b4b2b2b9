"""Imports: a supplier's sheet on its way in, its columns, its rows and what became of them."""

from datetime import datetime
from typing import Annotated, Literal

from msgspec import Meta, Struct

ROWS_FATES = Literal["offer", "review", "refused", "skipped"]
Role = Literal[
    "item", "brand", "name", "spec", "price", "official", "kind", "target", "state", "stock", "region",
    "currency", "effective", "note",
]  # fmt: skip


class ImportColumn(Struct, frozen=True):
    """What a column is taken for, with its certainty in percent. ``fen``: bare numbers are minor units."""

    at: int
    header: str
    role: str
    certainty: int
    fen: bool


class ImportSheet(Struct, frozen=True):
    """One table of the file with the columns proposed, or chosen before for the same headers."""

    sheet: str
    headers: list[str]
    header_row: int
    columns: list[ImportColumn]


class ImportReason(Struct, frozen=True):
    """A stable code with its sentence in the language of Accept-Language."""

    code: str
    detail: str


class ImportCounts(Struct, frozen=True):
    """Rows by fate; ``applied`` are on sale or in stock, ``changes`` tells what the rows taken over do."""

    offer: int
    review: int
    refused: int
    skipped: int
    applied: int
    changes: dict[str, int]


class Import(Struct, frozen=True):
    """One file on its way in.

    States: ``uploaded parsed previewed applying done cancelled failed``. ``parsed``: the columns are not
    certain, send them with the start; ``failed`` may be started again and goes on where it stood.
    """

    id: str
    kind: str
    state: str
    filename: str
    counts: ImportCounts
    columns: list[ImportSheet]
    doubts: list[ImportReason]
    sheets_left_out: list[str]
    rows_total: int
    rows_done: int
    percent_done: int
    offer: str | None
    effective_at: datetime | None
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None


class ImportList(Struct, frozen=True):
    """A page of imports, newest first."""

    data: list[Import]
    has_more: bool


class ImportRow(Struct, frozen=True):
    """One row: where it stands in the file, its fate and why. ``near`` are SKUs that a waiting row resembles.

    Rows of code files are listed only where they were not taken, and never show a code.
    """

    place: int
    sheet: str
    number: int
    fate: str
    reason: ImportReason
    notes: list[ImportReason]
    item: str
    title: str
    price: str
    supply_price_decimal: str | None
    currency: str
    sku: str | None
    near: list[str]
    change: str


class ImportRowList(Struct, frozen=True):
    """A page of rows in the order of the file; cursors are ``place``."""

    data: list[ImportRow]
    has_more: bool


class ChosenColumn(Struct, frozen=True, forbid_unknown_fields=True):
    """A column (from 0) and its meaning, each meaning for one column. ``fen``: bare numbers are minor
    units.
    """

    at: Annotated[int, Meta(ge=0, le=16_383)]
    role: Role
    fen: bool = False


class ChosenSheet(Struct, frozen=True, forbid_unknown_fields=True):
    """The columns of one sheet; those not named are left out."""

    sheet: Annotated[str, Meta(max_length=200)]
    columns: Annotated[list[ChosenColumn], Meta(min_length=1, max_length=100)]


class ImportStart(Struct, frozen=True, forbid_unknown_fields=True):
    """Columns as you choose them; kept for later sheets with the same headers."""

    sheets: Annotated[list[ChosenSheet], Meta(max_length=100)] = []
