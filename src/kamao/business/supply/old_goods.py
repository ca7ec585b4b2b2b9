"""Goods, private prices (密价) and unsold codes of an old shop: each sheet goes the way of its contents.

Owns the choice of the way and private prices. Goods and codes go through the same imports as any supplier's;
a private price becomes a dated rule of the merchant that the old member became. Refuses members and goods it
does not know.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec
from django.db import transaction

from kamao.business.engine_bridge import cell_connection
from kamao.business.identity import audit
from kamao.business.identity.models import Organisation
from kamao.business.supply import imports, running
from kamao.business.supply.imports import Options, Upload
from kamao.business.supply.library import read_index
from kamao.business.supply.models import OldMember, SheetImport
from kamao.business.supply.old_members import ReportLine
from kamao.business.supply.sheets import words
from kamao.business.supply.sheets.index import SkuIndex
from kamao.business.supply.sheets.match import RowTitle, match_row
from kamao.business.supply.sheets.plan import yuan
from kamao.business.supply.sheets.reader import RawBook, read_book
from kamao.business.supply.sheets.reasons import reason_text
from kamao.business.supply.sheets.records import PRIVATE_PRICES, Record, find_records, sheets_with
from kamao.business.supply.sheets.table import find_header, find_tables
from kamao.business.supply.sheets.text import compact
from kamao.business.supply.sheets.values import parse_count, parse_price
from kamao.engine.cells import LIVE
from kamao.engine.pool import Connection
from kamao.engine.pricing.operations import put_rules
from kamao.engine.pricing.types import PriceRule
from kamao.kernel.clock import Clock
from kamao.kernel.limits import ORDER_QUANTITY_MAX

_NEEDED = frozenset({"account", "product", "private"})
_IN_FORCE = (
    "SELECT fixed_e4 FROM pricing_rule"
    " WHERE audience_kind = 'private' AND audience = %s AND target_kind = 'sku'"
    " AND target = %s AND min_quantity = %s AND effective_from <= %s ORDER BY effective_from DESC LIMIT 1"
)


class GoodsResult(msgspec.Struct, frozen=True):
    """What a file of goods led to: imports of offers and codes, and a line per private price."""

    imports: list[SheetImport]
    lines: list[ReportLine]


def import_goods(
    upload: Upload,
    *,
    source: str,
    supplier: Organisation | None,
    clock: Clock,
    actor: audit.Actor,
    dry_run: bool = False,
    again: bool = False,
) -> GoodsResult:
    """Take in a workbook or sheet of goods, private prices and unsold codes, whichever it holds.

    Goods and codes need ``supplier``: the organisation whose offers and stock they become. Raises Refusal for
    unreadable files.
    """
    book = read_book(upload.content, upload.filename)
    private = sheets_with(book, PRIVATE_PRICES, needed=_NEEDED)
    index = read_index()
    lines = _private_prices(book, index, source=source, at=clock.now(), actor=actor, dry_run=dry_run)
    made = []
    if supplier is not None:
        for kind, sheets in _other_sheets(book, private).items():
            options = Options(sheets=sheets)
            made.append(
                _import(upload, kind, options, supplier, clock, actor, index, dry_run=dry_run, again=again)
            )
    return GoodsResult(made, lines)


def _other_sheets(book: RawBook, private: frozenset[str]) -> dict[str, tuple[str, ...]]:
    """Return the sheets of goods (they have a price) and of codes, without those of private prices."""
    rest = [sheet for sheet in book.sheets if sheet.name not in private and not sheet.hidden]
    codes = [sheet.name for sheet in rest if find_header(sheet, "codes")]
    tables, _ = find_tables(
        msgspec.structs.replace(book, sheets=[sheet for sheet in rest if sheet.name not in codes])
    )
    ways = {"offers": tuple(table.sheet for table in tables), "codes": tuple(codes)}
    return {kind: sheets for kind, sheets in ways.items() if sheets}


def _import(
    upload: Upload, kind: str, options: Options, supplier: Organisation, clock: Clock, actor: audit.Actor,
    index: SkuIndex, *, dry_run: bool, again: bool,
) -> SheetImport:  # fmt: skip
    if dry_run:
        sheet_import, _ = imports.upload(
            supplier, upload, kind=kind, at=clock.now(), actor=actor, options=options, again=again
        )
        if sheet_import.state in {"uploaded", "parsed", "previewed"}:
            sheet_import = running.preview(sheet_import.id, at=clock.now(), index=index)
        return sheet_import
    return running.import_file(
        supplier, upload, kind=kind, clock=clock, actor=actor, options=options, again=again, index=index
    )


def _private_prices(
    book: RawBook, index: SkuIndex, *, source: str, at: datetime, actor: audit.Actor, dry_run: bool
) -> list[ReportLine]:
    records = find_records(book, PRIVATE_PRICES, needed=_NEEDED)
    if not records:
        return []
    accounts = {record.text("account") for record in records}
    merchants = {
        row.account: row.organisation_id
        for row in OldMember.objects.filter(source=source, account__in=accounts)
    }
    lines: list[ReportLine] = []
    rules: list[PriceRule] = []
    with transaction.atomic(), cell_connection(LIVE) as connection:
        for record in records:
            line, rule = _private_price(record, index, merchants, connection, at=at)
            lines.append(line)
            if rule is not None:
                rules.append(rule)
        if rules and not dry_run:
            put_rules(connection, _last_of_each(rules))
    if rules and not dry_run:
        audit.record("price.take_over", actor=actor, at=at, object_kind="old_shop", object_id=source,
                     details={"prices": len(rules)})  # fmt: skip
    return lines


def _last_of_each(rules: Sequence[PriceRule]) -> list[PriceRule]:
    return list({(rule.audience, rule.target, rule.min_quantity): rule for rule in rules}.values())


def _private_price(
    record: Record, index: SkuIndex, merchants: dict[str, UUID], connection: Connection, *, at: datetime
) -> tuple[ReportLine, PriceRule | None]:
    account = record.text("account")
    subject = f"{account} {record.text('product')} {record.text('spec')}".strip()

    def line(outcome: str, zh: str, en: str) -> ReportLine:
        return ReportLine(record.sheet, record.number, subject, outcome, zh, en)

    merchant = merchants.get(account)
    if merchant is None:
        return line("refused", "没有这个会员，请先导入会员", "no such member; import members first"), None
    kind = words.KIND_CELLS.get(compact(record.text("kind")))
    title = RowTitle(record.text("product"), record.text("spec"), kinds=frozenset({kind} if kind else ()))
    found = match_row(title, index)
    if found.sku is None:
        params = {"spec": record.text("spec") or record.text("product")}
        return line(
            "refused", reason_text(found.reason, "zh", params), reason_text(found.reason, "en", params)
        ), None
    price = parse_price(record.cells.get("private"))
    if price.unit_price_e4 is None:
        params = {"price": record.text("private")}
        return line(
            "refused", reason_text(price.reason, "zh", params), reason_text(price.reason, "en", params)
        ), None
    quantity = parse_count(record.cells.get("quantity")) or 1
    if quantity > ORDER_QUANTITY_MAX:
        return line("refused", "起购数量过大", "the quantity step is too large"), None
    row = connection.execute(_IN_FORCE, (merchant.hex, found.sku.id, quantity, at)).fetchone()
    now, here = yuan(price.unit_price_e4), row[0] if row else None
    if here == price.unit_price_e4:
        return line("same", f"密价 {now} 已在用", f"the private price {now} is in force"), None
    rule = PriceRule(
        audience_kind="private", audience=merchant.hex, target_kind="sku", target=found.sku.id,
        min_quantity=quantity, effective_from=at, fixed_e4=price.unit_price_e4,
    )  # fmt: skip
    if here is None:
        return line("new", f"{found.sku.title} 密价 {now}", f"{found.sku.title}: private price {now}"), rule
    return line(
        "differs", f"密价 {yuan(here)} 改为 {now}", f"the private price {yuan(here)} becomes {now}"
    ), rule
