"""Reading files as suppliers send them: bytes in, sheets of cells out.

Owns decoding (UTF-8, UTF-16, GB18030, Big5), delimiters, XLSX through openpyxl and defusedxml, and the limits
on size, rows, columns and compression. Refuses to evaluate anything: a formula is its text or the value it
was saved with. Refuses old, encrypted or foreign formats with a sentence that says what to send instead.
"""

import csv
import io
import re
import zipfile
from collections.abc import Iterator
from typing import Any, Final, cast
from xml.etree.ElementTree import Element, ParseError

import msgspec
from defusedxml import DefusedXmlException
from defusedxml.ElementTree import iterparse
from openpyxl import load_workbook
from openpyxl.utils import range_boundaries
from openpyxl.utils.exceptions import InvalidFileException

from kamao.business.supply.sheets.values import CellValue
from kamao.kernel.errors import Refusal, problem

BYTES_MAX: Final = 64 << 20
ROWS_MAX: Final = 1_000_000
COLUMNS_MAX: Final = 256
CELLS_MAX: Final = 12_000_000
CELL_CHARS_MAX: Final = 32_767
UNPACKED_BYTES_MAX: Final = 512 << 20
UNPACKED_RATIO_MAX: Final = 200
ENTRIES_MAX: Final = 2_000
SHEETS_MAX: Final = 50
_RATIO_FREE_BYTES = 4 << 20
_EMPTY_TAIL_MAX = 2_000
_MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"

FILE_UNREADABLE = problem(
    "file_unreadable",
    422,
    title_zh="文件无法读取",
    title_en="Unreadable file",
    detail_zh="请另存为 CSV（UTF-8 或 GBK）或 XLSX 后重新上传。",
    detail_en="Save it as CSV (UTF-8 or GBK) or XLSX and upload it again.",
)
FILE_TOO_LARGE = problem(
    "file_too_large",
    413,
    title_zh="文件过大",
    title_en="File too large",
    detail_zh="请拆成多个文件后分别上传。",
    detail_en="Split it into several files and upload them one by one.",
)


class RawRow(msgspec.Struct, frozen=True):
    """One row as it stands in the file: its number there (from 1), its cells, whether it is hidden."""

    number: int
    cells: tuple[CellValue, ...]
    hidden: bool = False


class RawSheet(msgspec.Struct, frozen=True):
    """One sheet: rows in order, columns that are hidden (from 0), whether the sheet itself is."""

    name: str
    rows: list[RawRow]
    hidden: bool = False
    hidden_columns: frozenset[int] = frozenset()


class RawBook(msgspec.Struct, frozen=True):
    """A file: its format (``csv`` or ``xlsx``), encoding and delimiter where it has them, and its sheets."""

    format: str
    sheets: list[RawSheet]
    encoding: str = ""
    delimiter: str = ""


def read_book(content: bytes, filename: str = "") -> RawBook:
    """Read a file by what it is, not by what it is called.

    Raises Refusal file_unreadable or file_too_large.
    """
    if len(content) > BYTES_MAX:
        raise Refusal("file_too_large")
    if content[:4] == b"PK\x03\x04":
        return _read_xlsx(content)
    if content[:8] == b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1":
        raise Refusal(
            "file_unreadable",
            zh="这是旧版 .xls 或加了密码的文件。请去掉密码，另存为 .xlsx 后重新上传。",
            en="This is an old .xls or a password-protected file. Remove the password and save it as .xlsx.",
        )
    if (
        content[:5] == b"%PDF-"
        or content[:4] in {b"\x89PNG", b"Rar!", b"7z\xbc\xaf"}
        or content[:3] == b"\xff\xd8\xff"
    ):
        raise Refusal("file_unreadable")
    text, encoding = decode(content)
    delimiter = sniff_delimiter(text)
    return RawBook("csv", [RawSheet(filename or "csv", _read_csv(text, delimiter))], encoding, delimiter)


def decode(content: bytes) -> tuple[str, str]:
    """Return the text of a file and the name of its encoding.

    Byte order marks decide first, then strict UTF-8, then whichever of GB18030 and Big5 reads as more
    ordinary text.
    """
    for mark, name in ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16")):
        if content.startswith(mark):
            return _decoded(content, name)
    sample = content[:4096]
    zeros_even, zeros_odd = sample[::2].count(0), sample[1::2].count(0)
    if zeros_even + zeros_odd > len(sample) // 20:
        return _decoded(content, "utf-16-le" if zeros_odd >= zeros_even else "utf-16-be")
    try:
        return content.decode("utf-8"), "utf-8"
    except UnicodeDecodeError:
        pass
    candidates = []
    for name in ("gb18030", "big5hkscs", "utf-16-le", "utf-16-be"):
        try:
            text = content.decode(name)
        except UnicodeDecodeError:
            continue
        candidates.append((_ordinary(text), name, text))
    if not candidates:
        return _decoded(content, "gb18030")
    _, name, text = max(candidates, key=lambda candidate: candidate[0])
    return text, name


def _decoded(content: bytes, encoding: str) -> tuple[str, str]:
    try:
        return content.decode(encoding), encoding.removesuffix("-sig")
    except UnicodeDecodeError as error:
        raise Refusal(
            "file_unreadable",
            zh=f"文件不是完整的 {encoding} 文本（第 {error.start} 字节起无法解码）。请另存为 UTF-8 CSV 或 XLSX。",
            en=(
                f"The file is not valid {encoding} text (from byte {error.start}). Save it as UTF-8 "
                "CSV or XLSX."
            ),
        ) from error


def _ordinary(text: str) -> float:
    """Return how much of a text is ordinary: the share of ASCII and of GB2312 level-1 or Big5 level-1
    characters.
    """
    sample = text[:20_000]
    if not sample:
        return 0.0
    good = 0.0
    for char in sample:
        if char.isascii():
            good += 1.0 if char.isprintable() or char in "\r\n\t" else -1.0
        elif "\u4e00" <= char <= "\u9fff":
            good += 1.0 if _is_common(char) else -0.3
        elif char in "，。、：；（）【】《》“”￥¥·～！？　" or "\uff01" <= char <= "\uff5e":
            good += 1.0
        else:
            good -= 1.0
    return good / len(sample)


def _is_common(char: str) -> bool:
    for encoding, first, last in (("gb2312", 0xB0, 0xD7), ("big5", 0xA4, 0xC6)):
        try:
            lead = char.encode(encoding)[0]
        except UnicodeEncodeError:
            continue
        if first <= lead <= last:
            return True
    return False


def sniff_delimiter(text: str) -> str:
    """Return the delimiter whose count per line is largest and most even over the first lines."""
    head = text[:65_536]
    if head[:4].casefold() == "sep=":
        return head[4]
    lines = [line for line in head.splitlines() if line.strip()][:50]
    best, best_score = ",", 0.0
    for delimiter in (",", "\t", ";", "|", "，"):
        counts = [_unquoted(line, delimiter) for line in lines]
        filled = [count for count in counts if count]
        if not filled:
            continue
        common = max(set(filled), key=filled.count)
        score = filled.count(common) / len(lines) + 0.02 * min(common, 10)
        if score > best_score + 1e-9:
            best, best_score = delimiter, score
    return best


def _unquoted(line: str, delimiter: str) -> int:
    if '"' not in line:
        return line.count(delimiter)
    return sum(part.count(delimiter) for part in line.split('"')[::2])


def _read_csv(text: str, delimiter: str) -> list[RawRow]:
    if text[:4].casefold() == "sep=":
        text = text.partition("\n")[2]
    if "\x00" in text:
        text = text.replace("\x00", "")
    csv.field_size_limit(CELL_CHARS_MAX)
    rows: list[RawRow] = []
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    number = 1
    try:
        for cells in reader:
            if len(cells) > COLUMNS_MAX:
                raise Refusal(
                    "file_too_large",
                    zh=f"第 {number} 行超过 {COLUMNS_MAX} 列。",
                    en=f"Line {number} has more than {COLUMNS_MAX} columns.",
                )
            rows.append(RawRow(number, tuple(cells)))
            number = reader.line_num + 1
            if len(rows) > ROWS_MAX:
                raise Refusal("file_too_large")
    except csv.Error as error:
        raise Refusal(
            "file_unreadable",
            zh=f"第 {reader.line_num} 行附近不是有效的表格文本：单元格过长或引号未闭合。",
            en=f"Near line {reader.line_num} this is no table: a cell is too long or a quote is not closed.",
        ) from error
    return rows


def check_archive(archive: zipfile.ZipFile, *, bytes_max: int = UNPACKED_BYTES_MAX) -> None:
    """Refuse an archive that is encrypted, has too many entries, or would unpack to too much."""
    entries = archive.infolist()
    if len(entries) > ENTRIES_MAX:
        raise Refusal("file_too_large")
    if any(entry.flag_bits & 0x1 for entry in entries):
        raise Refusal(
            "file_unreadable",
            zh="压缩包设有密码，请去掉密码后重新上传。",
            en="The archive has a password; remove it and upload again.",
        )
    total = sum(entry.file_size for entry in entries)
    packed = sum(entry.compress_size for entry in entries)
    if total > bytes_max or (total > _RATIO_FREE_BYTES and total > UNPACKED_RATIO_MAX * max(packed, 1)):
        raise Refusal(
            "file_too_large",
            zh="压缩包解开后过大，请拆分后上传。",
            en="The archive unpacks to too much; split it and upload the parts.",
        )


class _Layout(msgspec.Struct):
    hidden_rows: set[int]
    hidden_columns: set[int]
    merges: list[tuple[int, int, int, int]]
    formulas: bool


def _read_xlsx(content: bytes) -> RawBook:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            check_archive(archive)
            if "xl/workbook.xml" not in archive.namelist():
                raise Refusal(
                    "file_unreadable",
                    zh="这个压缩包不是 Excel 表格。请上传 .xlsx 或 .csv。",
                    en="This archive is no Excel workbook. Upload .xlsx or .csv.",
                )
            return RawBook("xlsx", _sheets(content, archive))
    except (
        zipfile.BadZipFile,
        InvalidFileException,
        DefusedXmlException,
        ParseError,
        KeyError,
        ValueError,
        TypeError,
        IndexError,
        AttributeError,
        OSError,
        EOFError,
        RuntimeError,
    ) as error:
        # Damage inside a workbook surfaces as any of these from openpyxl; each means the same to the sender.
        raise Refusal("file_unreadable") from error


def _sheets(content: bytes, archive: zipfile.ZipFile) -> list[RawSheet]:
    # openpyxl's types know neither the layout's path nor the values of cells read only.
    book: Any = load_workbook(io.BytesIO(content), read_only=True, data_only=True, keep_links=False)
    formulas: Any = None
    try:
        sheets = []
        cells_left = CELLS_MAX
        for sheet in book.worksheets[:SHEETS_MAX]:
            # openpyxl tells the name of a sheet's part nowhere else
            layout = _layout(archive, sheet._worksheet_path)  # noqa: SLF001
            if layout.formulas and formulas is None:
                formulas = load_workbook(io.BytesIO(content), read_only=True, keep_links=False)
            saved = (
                formulas[sheet.title].iter_rows(values_only=True) if layout.formulas and formulas else None
            )
            rows = _rows(sheet.iter_rows(values_only=True), saved, layout, cells_left)
            cells_left -= sum(len(row.cells) for row in rows)
            hidden = sheet.sheet_state != "visible"
            sheets.append(RawSheet(sheet.title, rows, hidden, frozenset(layout.hidden_columns)))
        return sheets
    finally:
        book.close()
        if formulas:
            formulas.close()


def _rows(
    values: Iterator[tuple[CellValue, ...]],
    saved: Iterator[tuple[CellValue, ...]] | None,
    layout: _Layout,
    cells_left: int,
) -> list[RawRow]:
    """Return the rows of a sheet; a formula that was saved without a value stays as its own text."""
    rows: list[RawRow] = []
    empty = 0
    for number, line in enumerate(values, 1):
        cells = line[:COLUMNS_MAX]
        if saved is not None:
            texts = next(saved, ())
            cells = tuple(
                texts[at] if cell is None and at < len(texts) else cell for at, cell in enumerate(cells)
            )
        while cells and cells[-1] is None:
            cells = cells[:-1]
        empty = 0 if cells else empty + 1
        if empty > _EMPTY_TAIL_MAX:
            break
        rows.append(RawRow(number, cells, number in layout.hidden_rows))
        cells_left -= len(cells)
        if cells_left < 0 or number > ROWS_MAX:
            raise Refusal("file_too_large")
    while rows and not rows[-1].cells:
        rows.pop()
    return _fill_merges(rows, layout.merges)


def _fill_merges(rows: list[RawRow], merges: list[tuple[int, int, int, int]]) -> list[RawRow]:
    """Repeat the value of a cell that was merged downwards; a merge along one row is a title and stays."""
    for left, top, _right, bottom in merges:
        if bottom <= top or top > len(rows) or left >= len(rows[top - 1].cells):
            continue
        value = rows[top - 1].cells[left]
        for at in range(top, min(bottom, len(rows))):
            row = rows[at]
            cells = list(row.cells) + [None] * (left + 1 - len(row.cells))
            if cells[left] is None:
                cells[left] = value
                rows[at] = msgspec.structs.replace(row, cells=tuple(cells))
    return rows


def _note_end(layout: _Layout, element: Element) -> None:
    """Note what the end of an element says about hidden columns and merged cells."""
    if element.tag == f"{_MAIN}col" and element.get("hidden") in {"1", "true"}:
        first, last = int(element.get("min", "1")), int(element.get("max", "1"))
        layout.hidden_columns.update(range(first - 1, min(last, COLUMNS_MAX)))
    elif element.tag == f"{_MAIN}mergeCell" and re.fullmatch(r"[A-Z]+\d+:[A-Z]+\d+", element.get("ref", "")):
        left, top, right, bottom = cast("tuple[int, int, int, int]", range_boundaries(element.get("ref", "")))
        layout.merges.append((left - 1, top, right, bottom))
    elif element.tag == f"{_MAIN}row":
        element.clear()


def _layout(archive: zipfile.ZipFile, path: str) -> _Layout:
    """Read what openpyxl's read-only mode leaves out: hidden rows and columns, merged cells, formulas."""
    layout = _Layout(set(), set(), [], formulas=False)
    number = 0
    with archive.open(path.lstrip("/")) as source:
        for event, element in iterparse(source, events=("start", "end"), forbid_dtd=True):
            tag = element.tag
            if event == "end":
                _note_end(layout, element)
            elif tag == f"{_MAIN}f":
                layout.formulas = True
            elif tag == f"{_MAIN}row":
                number = int(element.get("r") or number + 1)
                if element.get("hidden") in {"1", "true"}:
                    layout.hidden_rows.add(number)
    return layout
