"""Exports of lists as CSV or XLSX, with cells that a spreadsheet cannot mistake for formulas or round.

Every export is audited by its caller's page through `export`. Refuses more rows than a person reads: callers
cut.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final

import msgspec
from django.http import HttpResponse
from django.utils import timezone
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell

from kamao.business.identity import audit
from kamao.kernel.money import CURRENCY_EXPONENTS
from kamao.portals.accounts.acting import actor_of
from kamao.portals.accounts.pages import ConsoleRequest

FORMATS: Final = ("csv", "xlsx")
_FORMULA_STARTS: Final = ("=", "+", "-", "@", "\t", "\r")
_TEXT_FORMAT: Final = "@"


class Column(msgspec.Struct, frozen=True):
    """One column: its heading, the key of the row, and whether it holds minor units of a currency."""

    heading: str
    key: str
    money: bool = False


def wants_export(request: ConsoleRequest) -> bool:
    """Tell whether the page was asked for as a file."""
    return request.GET.get("format") in FORMATS


def export(
    request: ConsoleRequest, *, name: str, columns: list[Column], rows: Iterable[Mapping[str, Any]]
) -> HttpResponse:
    """Return the rows as the file that `format` asks for, and note the export in the audit trail."""
    kind = request.GET["format"]
    table = [[_cell(row, column) for column in columns] for row in rows]
    headings = [str(column.heading) for column in columns]
    audit.record(
        "export.make",
        actor=actor_of(request),
        at=timezone.now(),
        organisation=request.acting.organisation.id,
        object_kind="export",
        object_id=name,
        details={"format": kind, "rows": len(table)},
    )
    body, content_type = _xlsx(headings, table) if kind == "xlsx" else _csv(headings, table)
    stamp = timezone.localtime().strftime("%Y%m%d-%H%M")
    response = HttpResponse(body, content_type=content_type)
    response.headers["Content-Disposition"] = f'attachment; filename="kamao-{name}-{stamp}.{kind}"'
    response.headers["Cache-Control"] = "no-store"
    return response


def _cell(row: Mapping[str, Any], column: Column) -> str:
    """Return a cell as text: long numbers keep every digit, money its decimals."""
    value = row.get(column.key)
    if value is None:
        return ""
    if column.money:
        return major_text(int(value), str(row.get("currency") or "CNY"))
    if isinstance(value, datetime):
        return timezone.localtime(value).strftime("%Y-%m-%d %H:%M:%S")
    return str(value)


def major_text(amount_minor: int, currency: str) -> str:
    """Return an amount in major units with the currency's digits, without a sign or separators:
    ``-14.50``.
    """
    exponent = CURRENCY_EXPONENTS[currency]
    whole, rest = divmod(abs(amount_minor), 10**exponent)
    text = f"{whole}.{rest:0{exponent}d}" if exponent else str(whole)
    return f"-{text}" if amount_minor < 0 else text


def _csv(headings: list[str], table: list[list[str]]) -> tuple[bytes, str]:
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(headings)
    writer.writerows([[_defused(text) for text in line] for line in table])
    # Excel reads UTF-8 only behind a byte order mark.
    return out.getvalue().encode("utf-8-sig"), "text/csv; charset=utf-8"


def _defused(text: str) -> str:
    """Keep a spreadsheet from running a cell: an apostrophe makes it text. Plain negative numbers stay
    numbers.
    """
    if text.startswith(_FORMULA_STARTS) and not _is_number(text):
        return "'" + text
    return text


def _is_number(text: str) -> bool:
    digits = text.removeprefix("-").replace(".", "", 1)
    return digits.isascii() and digits.isdigit()


def _xlsx(headings: list[str], table: list[list[str]]) -> tuple[bytes, str]:
    book = Workbook(write_only=True)
    sheet = book.create_sheet("Kamao")
    for line in [headings, *table]:
        cells = []
        for text in line:
            cell = WriteOnlyCell(sheet, value=text)
            # Assigning a text that starts with "=" made it a formula; typed as a string it stays what it is.
            cell.data_type = "s"
            cell.number_format = _TEXT_FORMAT
            cells.append(cell)
        sheet.append(cells)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue(), "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
