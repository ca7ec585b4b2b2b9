"""What `./kamao import` runs: one file from upload to its end, with progress, counts and every reason.

Refuses a supplier's name that two have.
"""

import json
import os
import sys
from collections import Counter
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import django
import msgspec

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kamao.runtime.django_settings")
django.setup()

from kamao.business.identity.audit import SYSTEM  # noqa: E402  apps must be ready first
from kamao.business.identity.models import Organisation, OrganisationKind  # noqa: E402
from kamao.business.supply import imports, old_goods, old_members, refused, running  # noqa: E402
from kamao.business.supply.imports import Options, Upload  # noqa: E402
from kamao.business.supply.models import ImportRow, SheetImport, SupplierOffer  # noqa: E402
from kamao.business.supply.sheets.give_back import write_csv  # noqa: E402
from kamao.business.supply.sheets.reasons import reason_text  # noqa: E402
from kamao.kernel.clock import SystemClock  # noqa: E402
from kamao.kernel.errors import Refusal  # noqa: E402

_SHOWN_REASONS = 20


class Asked(msgspec.Struct, frozen=True):
    """The command's arguments."""

    kind: str
    file: Path
    report: Path
    language: str
    dry_run: bool
    test: bool
    supplier: str = ""
    again: bool = False
    effective_at: datetime | None = None
    offer: str = ""
    source: str = "old"

    def say(self, zh: str, en: str) -> None:
        """Print a line in the language asked for."""
        print(zh if self.language == "zh" else en, flush=True)


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def find_supplier(text: str) -> Organisation:
    """Return the supplier of that id or name; the only supplier where none is named. Raises Refusal
    `not_found`.
    """
    suppliers = Organisation.objects.filter(kind=OrganisationKind.SUPPLIER)
    if text:
        key = _uuid(text)
        suppliers = (
            suppliers.filter(pk=key)
            if key
            else suppliers.filter(display_name=text) | suppliers.filter(legal_name=text)
        )
    found = list(suppliers[:2])
    if len(found) == 1:
        return found[0]
    raise Refusal(
        "not_found",
        zh=f"没有（或有多个）叫“{text}”的供应商，请用 --supplier 指定名称或编号。",
        en=f"There is no supplier, or more than one, called “{text}”; name it with --supplier.",
    )


def _options(asked: Asked, supplier: Organisation) -> Options:
    if not asked.offer:
        return Options(livemode=not asked.test)
    offers = SupplierOffer.objects.filter(supplier=supplier, livemode=not asked.test)
    key = _uuid(asked.offer)
    offer = (offers.filter(pk=key) if key else offers.filter(item=asked.offer)).first()
    if offer is None:
        raise Refusal(
            "not_found",
            zh=f"该供应商没有报价 {asked.offer}。",
            en=f"This supplier has no offer {asked.offer}.",
        )
    return Options(offer=offer.id, livemode=not asked.test)


def import_sheet(asked: Asked) -> int:
    """Take in a price sheet or a file of codes."""
    supplier = find_supplier(asked.supplier)
    clock = SystemClock()
    upload = Upload(asked.file.name, asked.file.read_bytes())
    sheet_import, _ = imports.upload(
        supplier,
        upload,
        kind=asked.kind,
        at=clock.now(),
        actor=SYSTEM,
        options=_options(asked, supplier),
        effective_at=asked.effective_at,
        again=asked.again,
    )
    if sheet_import.state == "done":
        asked.say(
            "这个文件以前已导入；要再次导入请加 --again。",
            "This file was taken in before; use --again to take it in again.",
        )
    if sheet_import.state in {"uploaded", "parsed"} or (asked.dry_run and sheet_import.state == "previewed"):
        sheet_import = running.preview(sheet_import.id, at=clock.now())
    if sheet_import.state == "parsed":
        return _unclear(asked, sheet_import)
    if not asked.dry_run and sheet_import.state in {"previewed", "failed"}:
        sheet_import = imports.start(sheet_import.id, at=clock.now(), actor=SYSTEM)
    if not asked.dry_run:
        sheet_import = running.apply(sheet_import.id, clock=clock, on_chunk=_progress)
    return _tell(asked, sheet_import)


def _progress(sheet_import: SheetImport) -> None:
    if sys.stderr.isatty():
        print(
            f"\r{sheet_import.place_done}/{sheet_import.rows_total} ({sheet_import.percent_done} %)",
            end="",
            file=sys.stderr,
        )
        if sheet_import.state != "applying":
            print(file=sys.stderr)


def _unclear(asked: Asked, sheet_import: SheetImport) -> int:
    for doubt in sheet_import.doubts:
        code, _, columns = doubt.partition(":")
        print(reason_text(code, asked.language, {"columns": columns}), file=sys.stderr)
    asked.say(
        "请在供应商后台上传此文件并选择列，选择会被记住。",
        "Upload the file in the supplier console and choose the columns; the choice is kept.",
    )
    return 2


def _tell(asked: Asked, sheet_import: SheetImport) -> int:
    counts = Counter(sheet_import.counts)
    waiting, out = counts["review"], counts["refused"]
    taken = counts["offer"] if asked.dry_run else counts["applied"]
    asked.say(
        f"共 {sheet_import.rows_total} 行：导入 {taken}，待确认 {waiting}，未导入 {out}。",
        f"{sheet_import.rows_total} rows: {taken} taken in, {waiting} to be decided, {out} refused.",
    )
    if sheet_import.kind == "offers":
        asked.say(
            f"新增 {counts['change_new']}，变价 {counts['change_price']}，不变 {counts['change_same']}，"
            f"下架 {counts['change_paused'] + counts['change_new_paused']}。",
            f"New {counts['change_new']}, prices changed {counts['change_price']}, same "
            f"{counts['change_same']}, "
            f"off sale {counts['change_paused'] + counts['change_new_paused']}.",
        )
    if "fen_suspected" in sheet_import.doubts:
        print(reason_text("fen_suspected", asked.language))
    rows = ImportRow.objects.filter(sheet_import=sheet_import, fate__in=["refused", "review"]).order_by(
        "place"
    )
    for row in rows[:_SHOWN_REASONS]:
        print(
            f"  {row.sheet} {row.number}: {row.title[:40]} · "
            f"{reason_text(row.reason, asked.language, row.params)}"
        )
    if waiting + out:
        _write_report(asked, sheet_import, more=waiting + out - _SHOWN_REASONS)
    return 0 if sheet_import.state in {"done", "previewed"} and not waiting + out else 1


def _write_report(asked: Asked, sheet_import: SheetImport, *, more: int) -> None:
    if more > 0:
        asked.say(f"  …… 还有 {more} 行", f"  … and {more} more")
    content, name = refused.refused_file(sheet_import, language=asked.language)
    path = asked.report / name if asked.report.is_dir() else asked.report
    path.touch(mode=0o600)
    path.write_bytes(content)
    asked.say(f"未导入的行连同原因：{path}", f"Rows that did not go in, with reasons: {path}")


_OUTCOMES = {
    "new": ("新增", "new"),
    "same": ("不变", "same"),
    "differs": ("有差异", "differs"),
    "refused": ("未导入", "refused"),
}


def import_old_members(asked: Asked) -> int:
    """Take in an old shop's members."""
    lines = old_members.import_members(
        asked.file.read_bytes(),
        asked.file.name,
        source=asked.source,
        at=SystemClock().now(),
        actor=SYSTEM,
        dry_run=asked.dry_run,
    )
    return _tell_lines(asked, lines)


def import_old_goods(asked: Asked) -> int:
    """Take in an old shop's goods, private prices and unsold codes."""
    supplier = find_supplier(asked.supplier) if asked.supplier else None
    result = old_goods.import_goods(
        Upload(asked.file.name, asked.file.read_bytes()),
        source=asked.source,
        supplier=supplier,
        clock=SystemClock(),
        actor=SYSTEM,
        dry_run=asked.dry_run,
        again=asked.again,
    )
    codes = [
        _unclear(asked, sheet_import) if sheet_import.state == "parsed" else _tell(asked, sheet_import)
        for sheet_import in result.imports
    ]
    if supplier is None:
        asked.say(
            "只处理了密价；要导入商品和卡密请用 --supplier 指定供应商。",
            "Only private prices were looked at; name --supplier to take in goods and codes.",
        )
    return max([_tell_lines(asked, result.lines) if result.lines else 0, *codes])


def _tell_lines(asked: Asked, lines: list[old_members.ReportLine]) -> int:
    chinese = asked.language == "zh"
    counts = old_members.summary(lines)
    print(
        " · ".join(f"{words[0 if chinese else 1]} {counts.get(name, 0)}" for name, words in _OUTCOMES.items())
    )
    told = [line for line in lines if line.outcome in {"differs", "refused"}]
    for line in told[:_SHOWN_REASONS]:
        print(f"  {line.sheet} {line.number}: {line.subject[:40]} · {line.zh if chinese else line.en}")
    head = (
        ("工作表", "行", "对象", "结果", "说明")
        if chinese
        else ("sheet", "row", "subject", "outcome", "what")
    )
    rows = [
        (
            line.sheet,
            line.number,
            line.subject,
            _OUTCOMES[line.outcome][0 if chinese else 1],
            line.zh if chinese else line.en,
        )
        for line in lines
    ]
    path = (
        asked.report / f"{asked.file.stem}-{'报告' if chinese else 'report'}.csv"
        if asked.report.is_dir()
        else asked.report
    )
    path.touch(mode=0o600)
    path.write_bytes(write_csv([head, *rows]))
    asked.say(f"报告：{path}", f"Report: {path}")
    return 1 if counts.get("refused") else 0


def main(arguments: list[str]) -> int:
    """Run; 0 all in, 1 some rows not, 2 nothing."""
    values: dict[str, Any] = json.loads(arguments[0])
    del values["home"]
    asked = msgspec.convert(values, Asked, strict=False, dec_hook=lambda kind, value: kind(value))
    try:
        runners = {"members": import_old_members, "goods": import_old_goods}
        return runners.get(asked.kind, import_sheet)(asked)
    except Refusal as refusal:
        print(f"kamao: {refusal.message(asked.language)}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
