"""Tables inside sheets: where the header is, which rows are goods, and what the other rows are.

Owns the reading of a sheet's shape: title rows, a header (also of two rows, also repeated), section headings,
totals, blank and hidden rows. Refuses to drop a row in silence: every row that is not goods says what it is.
"""

import re
from collections.abc import Sequence

import msgspec

from kamao.business.supply.sheets.columns import Mapping, header_roles, propose
from kamao.business.supply.sheets.reader import RawBook, RawRow, RawSheet
from kamao.business.supply.sheets.text import compact, fold
from kamao.business.supply.sheets.values import CellValue, cell_text
from kamao.business.supply.sheets.words import KIND_WORDS, TOTAL_WORDS

_HEADER_WITHIN = 40
_SAMPLE = 200
_HEADER_ROLES_MIN = 2


class Line(msgspec.Struct, frozen=True):
    """One row of a table. ``nature``: goods, or why not: title, header, blank, total, heading, hidden.

    ``context`` is the nearest section heading above.
    """

    sheet: str
    number: int
    cells: tuple[CellValue, ...]
    nature: str
    context: str = ""


class Table(msgspec.Struct, frozen=True):
    """A sheet's table: its headers, the proposed mapping, all its rows, and the kinds its title or name
    states.
    """

    sheet: str
    headers: tuple[str, ...]
    mapping: Mapping
    lines: list[Line]
    kinds: frozenset[str] = frozenset()
    tax: bool | None = None


def find_tables(book: RawBook, *, purpose: str = "offers") -> tuple[list[Table], list[str]]:
    """Return the tables of a file and the names of sheets that hold none (notes, hidden sheets)."""
    tables, others = [], []
    for sheet in book.sheets:
        table = None if sheet.hidden else _find_table(sheet, purpose)
        if table is None:
            others.append(sheet.name)
        else:
            tables.append(table)
    return tables, others


def _texts(row: RawRow) -> list[str]:
    return [cell_text(cell).strip() for cell in row.cells]


def _score(texts: Sequence[str], purpose: str) -> tuple[int, set[str]]:
    roles: dict[str, int] = {}
    for text in texts:
        if not text or len(text) > 40:
            continue
        for role, certainty in header_roles(text, purpose)[:1]:
            roles[role] = max(certainty, roles.get(role, 0))
    return sum(roles.values()), set(roles)


def _find_header(sheet: RawSheet, purpose: str) -> tuple[int, int, list[str]] | None:
    """Return (first row, rows, headers) of the header: the row, or pair of rows, that names most columns."""
    best: tuple[int, int, int, list[str]] | None = None
    wanted = {"name", "spec", "price", "item"} if purpose == "offers" else {"secret", "number"}
    rows = sheet.rows[:_HEADER_WITHIN]
    for at, row in enumerate(rows):
        if row.hidden:
            continue
        single = _texts(row)
        options = [(1, single)]
        if at + 1 < len(rows):
            options.append((2, _stacked(single, _texts(rows[at + 1]))))
        for height, texts in options:
            score, roles = _score(texts, purpose)
            if height == 2:
                score -= 60
            enough = len(roles) >= (_HEADER_ROLES_MIN if purpose == "offers" else 1)
            if enough and roles & wanted and (best is None or score > best[0]):
                best = (score, at, height, texts)
    return None if best is None else (best[1], best[2], best[3])


def find_header(sheet: RawSheet, purpose: str) -> tuple[int, int, Mapping] | None:
    """Return (first row, rows, mapping) of a sheet's header for a purpose, None where there is none."""
    found = _find_header(sheet, purpose)
    if found is None:
        return None
    first, height, headers = found
    sample = [row.cells for row in sheet.rows[first + height : first + height + _SAMPLE] if row.cells]
    return first, height, propose(headers, sample, purpose=purpose, hidden=sheet.hidden_columns)


def _stacked(upper: list[str], lower: list[str]) -> list[str]:
    """Join a header of two rows; an upper cell that spans several columns names each of them."""
    width = max(len(upper), len(lower))
    joined, span = [], ""
    for at in range(width):
        top = upper[at] if at < len(upper) else ""
        bottom = lower[at] if at < len(lower) else ""
        span = top or span
        joined.append(bottom or top)
    return joined


def _find_table(sheet: RawSheet, purpose: str) -> Table | None:
    found = _find_header(sheet, purpose)
    if found is None:
        return None
    first, height, headers = found
    body = sheet.rows[first + height :]
    sample = [row.cells for row in body if row.cells and not row.hidden][:_SAMPLE]
    mapping = propose(headers, sample, purpose=purpose, hidden=sheet.hidden_columns)
    title = [text for row in sheet.rows[:first] for text in _texts(row) if text]
    lines = [
        Line(sheet.name, row.number, row.cells, "title" if any(_texts(row)) else "blank")
        for row in sheet.rows[:first]
    ]
    lines += [Line(sheet.name, row.number, row.cells, "header") for row in sheet.rows[first : first + height]]
    lines += _body(sheet, body, headers, mapping)
    return Table(
        sheet=sheet.name,
        headers=tuple(headers),
        mapping=mapping,
        lines=lines,
        kinds=_stated_kinds([sheet.name, *title]),
        tax=_stated_tax(title),
    )


def _body(sheet: RawSheet, body: list[RawRow], headers: list[str], mapping: Mapping) -> list[Line]:
    lines = []
    context = ""
    header_key = [compact(text) for text in headers if text]
    for row in body:
        texts = _texts(row)
        filled = [text for text in texts if text]
        nature = _nature(texts, filled, mapping)
        if row.hidden and nature == "goods":
            nature = "hidden"
        elif filled and [compact(text) for text in filled] == header_key:
            nature = "header"
        elif nature == "heading":
            context = filled[0]
        lines.append(Line(sheet.name, row.number, row.cells, nature, context))
    return lines


_TOTAL_INITIALS = frozenset("合总總小共汇匯平tTｔＴsSｓＳgGｇＧ【[（(")


def _is_total(filled: list[str]) -> bool:
    """Tell whether a row's words are words of totals and all else in it is numbers."""
    keys = [compact(text) for text in filled]
    words = [key for key in keys if not re.fullmatch(r"[\d.,¥元]*", key)]
    return bool(words) and all(re.sub(r"[:：]?[\d.,¥元条个项行]*$", "", key) in TOTAL_WORDS for key in words)


def _nature(texts: list[str], filled: list[str], mapping: Mapping) -> str:
    if not filled:
        return "blank"
    if any(text[0] in _TOTAL_INITIALS for text in filled) and _is_total(filled):
        return "total"
    if len(filled) > 1:
        return "goods"
    named = {column.at for column in mapping.columns if column.role in {"name", "spec", "item"}}
    priced = {column.at for column in mapping.columns if column.role in {"price", "secret", "number"}}
    has = {at for at, text in enumerate(texts) if text}
    if len(mapping.columns) > 2 and not has & priced:
        at = next(iter(has))
        if at == 0 or at not in named:
            return "heading"
    return "goods"


def _stated_kinds(texts: Sequence[str]) -> frozenset[str]:
    """Return the kind a sheet's name or title states, if it states exactly one."""
    text = fold(" ".join(texts))
    found = {kind for kind, pattern in KIND_WORDS if re.search(pattern, text)}
    return frozenset(found) if len(found) == 1 else frozenset()


def _stated_tax(texts: Sequence[str]) -> bool | None:
    text = fold(" ".join(texts))
    if re.search(r"不含税|未税", text):
        return False
    return True if "含税" in text else None
