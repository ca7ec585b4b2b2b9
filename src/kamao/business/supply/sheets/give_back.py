"""Refused rows given back as the supplier's own file: the same format, encoding and columns, plus the reason.

Owns the writing. Refuses to write a formula: every text is typed as text, and in CSV a text that a
spreadsheet would run gets an apostrophe before it.
"""

import csv
import io
from collections.abc import Mapping, Sequence

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.worksheet._write_only import WriteOnlyWorksheet

from kamao.business.supply.sheets.reader import RawBook, RawRow, RawSheet
from kamao.business.supply.sheets.text import formula_like
from kamao.business.supply.sheets.values import CellValue, cell_text

REASON_HEADERS = {"zh": "未导入原因", "en": "Why it was not imported"}
_ILLEGAL = dict.fromkeys([*range(9), 11, 12, *range(14, 32)])


def give_back(
    book: RawBook,
    reasons: Mapping[tuple[str, int], str],
    *,
    headers: Mapping[str, int],
    language: str,
) -> tuple[bytes, str]:
    """Return (file, extension) with the rows of ``reasons``, keyed by (sheet, row number), in file order.

    ``headers`` is each sheet's header row number; it is repeated first, with the reason's own header.
    """
    title = REASON_HEADERS["zh" if language.startswith("zh") else "en"]
    sheets = [(sheet, _rows(sheet, reasons, headers.get(sheet.name), title)) for sheet in book.sheets]
    sheets = [(sheet, rows) for sheet, rows in sheets if rows]
    if book.format == "xlsx":
        return _xlsx(sheets), "xlsx"
    encoding = {"utf-8": "utf-8-sig", "utf-16-le": "utf-16", "utf-16-be": "utf-16"}.get(
        book.encoding, book.encoding
    )
    return _csv(sheets, encoding or "utf-8-sig", book.delimiter or ","), "csv"


def _rows(
    sheet: RawSheet, reasons: Mapping[tuple[str, int], str], header: int | None, title: str
) -> list[tuple[CellValue, ...]]:
    refused = [
        (row, reasons[sheet.name, row.number]) for row in sheet.rows if (sheet.name, row.number) in reasons
    ]
    if not refused:
        return []
    head = next((row for row in sheet.rows if row.number == header), RawRow(0, ()))
    width = max([len(head.cells), *(len(row.cells) for row, _ in refused)])
    lines = [_padded(head.cells, width, title)]
    lines += [_padded(row.cells, width, reason) for row, reason in refused]
    return lines


def _padded(cells: Sequence[CellValue], width: int, last: str) -> tuple[CellValue, ...]:
    return (*cells, *[None] * (width - len(cells)), last)


def write_xlsx(sheets: Sequence[tuple[str, Sequence[Sequence[CellValue]]]]) -> bytes:
    """Return a workbook of plain cells: text is text (long numbers keep their digits), numbers are
    numbers.
    """
    book = Workbook(write_only=True)
    for name, rows in sheets:
        sheet = book.create_sheet(name[:31] or "Sheet")
        for row in rows:
            sheet.append([_cell(sheet, value) for value in row])
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def _cell(sheet: WriteOnlyWorksheet, value: CellValue) -> object:
    if not isinstance(value, str):
        return value
    cell = WriteOnlyCell(sheet)
    cell.value = value.translate(_ILLEGAL)
    # openpyxl takes a leading "=" for a formula; the type says that it is text.
    cell.data_type = "s"
    cell.number_format = "@"
    return cell


def _xlsx(sheets: Sequence[tuple[RawSheet, list[tuple[CellValue, ...]]]]) -> bytes:
    return write_xlsx([(sheet.name, rows) for sheet, rows in sheets] or [("Sheet", [])])


def write_csv(
    rows: Sequence[Sequence[CellValue]], *, encoding: str = "utf-8-sig", delimiter: str = ","
) -> bytes:
    """Return CSV bytes; characters an encoding lacks make the file UTF-8 instead, so that nothing is lost."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, delimiter=delimiter, lineterminator="\r\n")
    for row in rows:
        texts = [cell_text(value) for value in row]
        writer.writerow(["'" + text if formula_like(text) else text for text in texts])
    text = buffer.getvalue()
    try:
        return text.encode(encoding)
    except UnicodeEncodeError:
        return text.encode("utf-8-sig")


def _csv(
    sheets: Sequence[tuple[RawSheet, list[tuple[CellValue, ...]]]], encoding: str, delimiter: str
) -> bytes:
    return write_csv([row for _, rows in sheets for row in rows], encoding=encoding, delimiter=delimiter)
