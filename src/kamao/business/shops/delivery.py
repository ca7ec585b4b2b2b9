"""Handing codes to their buyer: opened with a trace, as text and as a sheet that keeps long numbers whole.

Refuses a purchase that is not delivered (there is nothing to open) and to open anything without writing who
saw it.
"""

import io
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec
from django.db import transaction
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Font

from kamao.business.engine_bridge import cell_connection
from kamao.business.engine_tools import tools_for
from kamao.business.keyring import node_keyring
from kamao.business.shops import snapshots
from kamao.business.shops.checkout import cell_of_shop
from kamao.business.shops.models import ShopPurchase
from kamao.engine.stock.opening import open_delivery
from kamao.engine.stock.operations import record_reveals
from kamao.engine.trade.queries import read_orders
from kamao.engine.trade.types import OrderView
from kamao.kernel.sealing import SealError


class Item(msgspec.Struct, frozen=True):
    """One delivered unit in the clear: for the buyer's page and file, never for a log."""

    id: UUID
    kind: str
    number: str
    secret: str
    expires_at: datetime | None


class Handed(msgspec.Struct, frozen=True):
    """One order with its items."""

    line: snapshots.Line
    view: OrderView
    items: tuple[Item, ...]


def hand_over(purchase: ShopPurchase, *, actor: str, reason: str, at: datetime) -> list[Handed]:
    """Open what was delivered of a purchase; the trace is written in the transaction that reads.

    ``actor`` says who looks (``buyer:device``, ``buyer:number``, ``buyer:code``), never a contact.
    """
    lines = snapshots.read_lines(purchase.lines)
    cell = cell_of_shop(purchase.cell)
    with transaction.atomic(), cell_connection(cell) as connection:
        views = read_orders(connection, [line.order for line in lines], with_deliveries=True)
        for line in lines:
            seen = [item.item for item in views[line.order].deliveries if item.sealed is not None]
            if seen:
                record_reveals(
                    connection,
                    seen,
                    order=line.order,
                    actor=actor,
                    reason=reason,
                    at=at,
                    ids=tools_for(cell).ids,
                )
    return [Handed(line, views[line.order], _open_items(views[line.order])) for line in lines]


def _open_items(view: OrderView) -> tuple[Item, ...]:
    keyring = node_keyring()
    items = []
    for delivered in view.deliveries:
        try:
            opened = open_delivery(keyring, delivered)
        except SealError:
            continue
        items.append(Item(delivered.item, delivered.kind, opened.number, opened.secret, delivered.expires_at))
    return tuple(items)


def as_text(handed: Sequence[Handed]) -> str:
    """Return all codes as text, one per line under its product, ready to paste into a chat."""
    blocks = []
    for one in handed:
        rows = [f"{item.number}  {item.secret}".strip() for item in one.items]
        if rows:
            blocks.append("\n".join([f"{one.line.name} × {len(rows)}", *rows]))
    return "\n\n".join(blocks)


def bare_codes(handed: Sequence[Handed]) -> str:
    """Return the codes alone, one per line: what "copy all" puts on the clipboard."""
    return "\n".join(f"{item.number} {item.secret}".strip() for one in handed for item in one.items)


def as_sheet(handed: Sequence[Handed], *, headings: Sequence[str]) -> bytes:
    """Return an XLSX file; every cell is typed as text, so long numbers keep their digits and nothing is a
    formula.

    ``headings``: product, variant, number, code, valid until.
    """
    book = Workbook(write_only=True)
    sheet = book.create_sheet("Kamao")
    for letter, width in zip("ABCDE", (30, 18, 26, 34, 14), strict=True):
        sheet.column_dimensions[letter].width = width
    top = [WriteOnlyCell(sheet, value=heading) for heading in headings]
    for cell in top:
        cell.font = Font(bold=True)
    sheet.append(top)
    for one in handed:
        for item in one.items:
            until = item.expires_at.date().isoformat() if item.expires_at is not None else ""
            values = [one.line.name, one.line.detail, item.number, item.secret, until]
            cells = [WriteOnlyCell(sheet, value=value) for value in values]
            for cell in cells:
                cell.number_format = "@"
                cell.data_type = "s"
            sheet.append(cells)
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()
