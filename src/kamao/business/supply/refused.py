"""Refused rows given back: the supplier's own file with a reason column.

Refuses to leave a row without its sentence; rows that wait for a decision are given back too, with what they
wait for.
"""

from pathlib import PurePosixPath
from typing import Final

from kamao.business.supply import files, import_codes
from kamao.business.supply.models import Fate, ImportRow, SheetImport
from kamao.business.supply.sheets.give_back import REASON_HEADERS, give_back, write_csv
from kamao.business.supply.sheets.reader import read_book
from kamao.business.supply.sheets.reasons import reason_text

_WORDS: Final = {"zh": "未导入", "en": "not-imported"}
_CODE_HEADERS: Final = ("文件", "行", "商品", "规格", "卡号", "卡密", "有效期")


def refused_file(sheet_import: SheetImport, *, language: str) -> tuple[bytes, str]:
    """Return (file, its name) with every refused or waiting row and the reason, in ``zh`` or ``en``.

    Raises Refusal `not_found` when the original is no longer kept.
    """
    rows = ImportRow.objects.filter(sheet_import=sheet_import, fate__in=[Fate.REFUSED, Fate.REVIEW]).order_by(
        "place"
    )
    stem = PurePosixPath(sheet_import.filename.replace("\\", "/")).stem
    word = _WORDS["zh" if language.startswith("zh") else "en"]
    if sheet_import.kind == "codes":
        return _codes(sheet_import, list(rows), language), f"{stem}-{word}.csv"
    book = read_book(files.load(sheet_import.id), sheet_import.filename)
    reasons = {(row.sheet, row.number): reason_text(row.reason, language, row.params) for row in rows}
    headers = {mapping["sheet"]: mapping["header_row"] for mapping in sheet_import.mappings}
    data, extension = give_back(book, reasons, headers=headers, language=language)
    return data, f"{stem}-{word}.{extension}"


def _codes(sheet_import: SheetImport, rows: list[ImportRow], language: str) -> bytes:
    code_rows = import_codes.read(sheet_import).rows
    title = REASON_HEADERS["zh" if language.startswith("zh") else "en"]
    lines: list[tuple[str | int, ...]] = [(*_CODE_HEADERS, title)]
    for row in rows:
        code = code_rows[row.place]
        expires = code.expires_at.isoformat() if code.expires_at else code.detail
        lines.append((code.part, code.line, code.name, code.spec, code.number, code.secret, expires,
                      reason_text(row.reason, language, row.params)))  # fmt: skip
    return write_csv(lines)
