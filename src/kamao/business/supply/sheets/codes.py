"""Files of codes: tables with a header, ``卡号----卡密`` lines, one code per line, archives of these.

Owns the reading of such files into `CodeRow`, fast enough for millions of rows. Refuses to look inside nested
archives, to trust numbers a spreadsheet has rounded, and to show a code: a row's text form hides it.
"""

import io
import re
import zipfile
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import PurePosixPath

import msgspec

from kamao.business.supply.sheets.columns import Mapping, header_roles
from kamao.business.supply.sheets.reader import RawBook, RawSheet, check_archive, decode, read_book
from kamao.business.supply.sheets.table import find_header
from kamao.business.supply.sheets.text import compact, visible
from kamao.business.supply.sheets.values import CellValue, cell_text, digits_lost, parse_expiry
from kamao.business.supply.sheets.words import TOTAL_WORDS
from kamao.kernel.errors import Refusal
from kamao.kernel.limits import CODE_TEXT_MAX

UNPACKED_MAX = 256 << 20
_SEPARATORS = ("----", "---", "——", "--", "\t", "|", ",", "，", ";")
_SPACES = re.compile(r"\s{1,}")
_LABEL = re.compile(
    r"^(?:卡号|账号|卡密|密码|兑换码|激活码|有效期至?|card|pin|code|key)\s*[:：]\s*", re.IGNORECASE
)
_MEMBER_SUFFIXES = frozenset({".txt", ".csv", ".tsv", ".xlsx", ""})
_GENERIC_STEM = re.compile(
    r"(?:卡密|codes?|cards?|sheet|新建|文本文档|文件|data|export|导出|未命名|工作簿|[\d\s_\-()年月日.])*"
)


class CodeRow(msgspec.Struct, frozen=True):
    """One code in the clear with what its row says about the goods; ``reason`` is set where it cannot be
    taken.
    """

    part: str
    line: int
    brand: str
    name: str
    spec: str
    number: str
    secret: str
    expires_at: datetime | None = None
    reason: str = ""
    detail: str = ""

    def __repr__(self) -> str:
        """Never show a code, not even in a traceback."""
        return f"CodeRow({self.part!r}, {self.line}, …)"


class CodeFile(msgspec.Struct, frozen=True):
    """The parts of a file (itself, or an archive's members) and what could not be read."""

    rows: list[CodeRow]
    parts: tuple[str, ...]
    doubts: tuple[str, ...] = ()

    def __repr__(self) -> str:
        """Never show codes."""
        return f"CodeFile({len(self.rows)} rows)"


def read_codes(
    content: bytes, filename: str = "", *, only: Sequence[str] = (), names_goods: bool = True
) -> CodeFile:
    """Read a file of codes, or only some of its sheets. Raises Refusal file_unreadable or file_too_large.

    ``names_goods``: the name of a file or sheet without a column for the goods says what they are.
    """
    if content[:4] == b"PK\x03\x04" and not _is_workbook(content):
        return _read_archive(content, names_goods=names_goods)
    return _read_part(content, filename, only, names_goods=names_goods)


def _is_workbook(content: bytes) -> bool:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return "xl/workbook.xml" in archive.namelist()
    except zipfile.BadZipFile as error:
        raise Refusal("file_unreadable") from error


def _member_name(entry: zipfile.ZipInfo) -> str:
    """Return an archive member's name; archives made on Chinese Windows name their members in GBK."""
    if entry.flag_bits & 0x800:
        return entry.filename
    try:
        return entry.filename.encode("cp437").decode("gb18030")
    except UnicodeError:
        return entry.filename


def _read_archive(content: bytes, *, names_goods: bool) -> CodeFile:
    rows: list[CodeRow] = []
    parts: list[str] = []
    doubts: list[str] = []
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            check_archive(archive, bytes_max=UNPACKED_MAX)
            for entry in archive.infolist():
                name = _member_name(entry)
                path = PurePosixPath(name.replace("\\", "/"))
                if entry.is_dir() or path.name.startswith((".", "~$")) or "__MACOSX" in path.parts:
                    continue
                if path.suffix.lower() not in _MEMBER_SUFFIXES:
                    doubts.append(f"skipped:{path.name}")
                    continue
                with archive.open(entry) as member:
                    # The directory may lie about sizes: read no more than was announced.
                    data = member.read(entry.file_size + 1)
                if len(data) > entry.file_size or (data[:4] == b"PK\x03\x04" and not _is_workbook(data)):
                    raise Refusal("file_unreadable", zh="压缩包里不能再有压缩包。",
                                  en="An archive must not hold another archive.")  # fmt: skip
                part = _read_part(data, path.name, names_goods=names_goods)
                rows += part.rows
                parts += part.parts
                doubts += part.doubts
    except (zipfile.BadZipFile, EOFError, OSError, RuntimeError, ValueError) as error:
        raise Refusal("file_unreadable") from error
    return CodeFile(rows, tuple(parts), tuple(doubts))


def _read_part(
    content: bytes, filename: str, only: Sequence[str] = (), *, names_goods: bool = True
) -> CodeFile:
    stem = stated_goods(filename) if names_goods else ""
    if content[:4] != b"PK\x03\x04":
        text, _encoding = decode(content)
        head = text[:65_536].splitlines()[:40]
        if _looks_like_lines(head):
            return CodeFile(list(_lines(text, filename, stem)), (filename,))
    book = read_book(content, filename)
    rows: list[CodeRow] = []
    doubts: list[str] = []
    parts: list[str] = []
    for sheet in book.sheets:
        if sheet.hidden or not sheet.rows or (only and sheet.name not in only):
            continue
        part = filename if book.format == "csv" else sheet.name
        parts.append(part)
        goods = stem or (stated_goods(sheet.name) if book.format == "xlsx" and names_goods else "")
        found = find_header(sheet, "codes")
        if found is None:
            rows += _untitled(book, sheet, part, goods)
        else:
            first, height, mapping = found
            doubts += mapping.doubts
            rows += _table(sheet, first + height, mapping, part, goods)
    return CodeFile(rows, tuple(parts), tuple(doubts))


def stated_goods(filename: str) -> str:
    """Return the goods that a file's or sheet's name states, empty where it is a generic name (codes.txt)."""
    stem = visible(PurePosixPath(filename.replace("\\", "/")).stem)
    return "" if _GENERIC_STEM.fullmatch(stem.lower()) else stem


def _looks_like_lines(head: Sequence[str]) -> bool:
    """Tell whether a text is lines of number and code with a separator that no table uses, or bare codes."""
    lines = [line.strip() for line in head if line.strip()]
    if not lines:
        return True
    dashed = sum("----" in line or "——" in line for line in lines)
    if dashed * 2 > len(lines):
        return True
    bare = sum(not any(char in line for char in '\t,;|，"') for line in lines)
    return bare == len(lines)


def _lines(text: str, part: str, goods: str) -> Iterator[CodeRow]:
    separator = _line_separator(text[:65_536].splitlines()[:200])
    started = False
    for number, line in enumerate(text.splitlines(), 1):
        stripped = line.strip("\ufeff \t\r\x00")
        if not stripped:
            continue
        if started and len(separator) > 1 and len(stripped) <= CODE_TEXT_MAX:
            # The plain case of millions of lines: one separator, nothing to clean.
            left, _, right = stripped.partition(separator)
            if right and separator not in right and ":" not in stripped and _is_plain(stripped):
                yield CodeRow(part, number, "", goods, "", left.rstrip(), right.lstrip())
                continue
        pieces = _pieces(stripped, separator)
        if not started:
            started = True
            if all(_is_header(piece) for piece in pieces):
                continue
        yield _from_pieces(pieces, part, number, goods)


def _is_plain(text: str) -> bool:
    return text.isascii() and text.isprintable()


def _pieces(line: str, separator: str) -> list[str]:
    if separator == "":
        return [line]
    if separator == " ":
        return _SPACES.split(line)
    return [piece.strip() for piece in line.split(separator)]


def _is_header(piece: str) -> bool:
    return any(certainty == 100 for _, certainty in header_roles(piece, "codes")[:1])


def _line_separator(head: Sequence[str]) -> str:
    lines = [line.strip() for line in head if line.strip()]
    for separator in _SEPARATORS:
        if lines and sum(separator in line for line in lines) * 2 > len(lines):
            return separator
    if lines and all(len(_SPACES.split(line)) in {2, 3} for line in lines):
        return " "
    return ""


def _from_pieces(pieces: list[str], part: str, line: int, goods: str) -> CodeRow:
    """Read the pieces of a line without a header: code; number, code; number, code, expiry."""
    pieces = [piece for piece in pieces if piece] if len(pieces) > 3 else pieces
    if any(":" in piece or "：" in piece for piece in pieces):
        pieces = [_LABEL.sub("", piece) for piece in pieces]
    if len(pieces) == 1:
        return _checked(part, line, ("", goods, ""), "", pieces[0], None)
    if len(pieces) == 2:
        return _checked(part, line, ("", goods, ""), pieces[0], pieces[1], None)
    if len(pieces) == 3 and parse_expiry(pieces[2]).reason == "":
        return _checked(part, line, ("", goods, ""), pieces[0], pieces[1], pieces[2])
    return CodeRow(part, line, "", goods, "", "", "", reason="line_unreadable")


def _untitled(book: RawBook, sheet: RawSheet, part: str, goods: str) -> Iterator[CodeRow]:
    for row in sheet.rows:
        pieces = [cell_text(cell).strip() for cell in row.cells]
        while pieces and not pieces[-1]:
            pieces.pop()
        if any(digits_lost(cell) for cell in row.cells):
            yield CodeRow(part, row.number, "", goods, "", "", "", reason="secret_digits_lost")
        elif any(pieces) and not row.hidden:
            yield _from_pieces(pieces, part, row.number, goods)


def _table(sheet: RawSheet, first: int, mapping: Mapping, part: str, goods: str) -> Iterator[CodeRow]:
    """Yield the codes of a table: a tight loop, because files of codes are long."""
    places = {column.role: column.at for column in mapping.columns}
    brand_at, name_at, spec_at = (places.get(role, -1) for role in ("brand", "name", "spec"))
    number_at, secret_at, expires_at = (places.get(role, -1) for role in ("number", "secret", "expires"))
    if secret_at < 0:
        number_at, secret_at = -1, number_at
    for row in sheet.rows[first:]:
        cells = row.cells
        width = len(cells)
        secret = cells[secret_at] if secret_at < width else None
        number = cells[number_at] if 0 <= number_at < width else None
        brand = _text(cells[brand_at]) if 0 <= brand_at < width else ""
        name = (_text(cells[name_at]) if 0 <= name_at < width else "") or goods
        spec = _text(cells[spec_at]) if 0 <= spec_at < width else ""
        if row.hidden:
            yield CodeRow(part, row.number, brand, name, spec, "", "", reason="hidden")
        elif not secret and _is_empty_or_total(cells, name if name_at >= 0 else _text(number)):
            continue
        elif digits_lost(secret) or digits_lost(number):
            yield CodeRow(part, row.number, brand, name, spec, "", "", reason="secret_digits_lost")
        else:
            expiry = cells[expires_at] if 0 <= expires_at < width else None
            yield _checked(part, row.number, (brand, name, spec), _text(number), _text(secret), expiry)


def _text(cell: CellValue) -> str:
    return cell.strip() if isinstance(cell, str) else cell_text(cell)


def _is_empty_or_total(cells: Sequence[CellValue], name: str) -> bool:
    return not any(_text(cell) for cell in cells) or compact(name) in TOTAL_WORDS


_expiries: dict[CellValue, tuple[datetime | None, str]] = {None: (None, ""), "": (None, "")}
_EXPIRIES_MAX = 10_000


def _expiry(value: CellValue) -> tuple[datetime | None, str]:
    known = _expiries.get(value)
    if known is None:
        if len(_expiries) > _EXPIRIES_MAX:
            _expiries.clear()
        moment = parse_expiry(value)
        known = _expiries[value] = (moment.at, moment.reason)
    return known


def _clean(text: str) -> str:
    """Return a code's text without what is invisible around and inside it; what is visible stays as it is."""
    return text.strip() if _is_plain(text) else visible(text)


def _checked(
    part: str, line: int, title: tuple[str, str, str], number: str, secret: str, expires: CellValue
) -> CodeRow:
    number, secret = _clean(number), _clean(secret)
    if not secret:
        return CodeRow(part, line, *title, "", "", reason="secret_missing")
    if len(secret) > CODE_TEXT_MAX or len(number) > CODE_TEXT_MAX:
        return CodeRow(part, line, *title, "", "", reason="secret_too_long")
    at, reason = _expiry(expires)
    if reason:
        return CodeRow(part, line, *title, "", "", reason=reason, detail=cell_text(expires)[:32])
    return CodeRow(part, line, *title, number, secret, at)
