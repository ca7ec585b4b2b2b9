"""The wallet: what can be spent, and every entry with the balance after it.

Refuses to change money: top-ups are booked by the operator or by a payment.
"""

from __future__ import annotations

from typing import Any, Final

from django.http import HttpResponse
from django.utils.translation import gettext as _

from kamao.business.identity.permissions import Permission
from kamao.engine.ledger.accounts import wallet as wallet_account
from kamao.engine.ledger.queries import statement_of
from kamao.engine.ledger.types import Entry
from kamao.kernel.ids import encode
from kamao.portals.accounts.exports import Column, export, wants_export
from kamao.portals.accounts.pages import ConsoleRequest, console_page, second_factor_required
from kamao.portals.accounts.reading import reading
from kamao.portals.merchant.entry_kinds import word_of
from kamao.portals.merchant.frame import KIND, merchant_page

PAGE_SIZE: Final = 50
EXPORT_MAX: Final = 50_000


@console_page(KIND, permission=Permission.WALLET_READ)
def wallet(request: ConsoleRequest) -> HttpResponse:
    """Show the balance and the statement, newest first."""
    if wants_export(request):
        return _export(request)
    text = request.GET.get("before", "")
    before = int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None
    entries = _entries(request, before=before, limit=PAGE_SIZE + 1)
    context = {
        "lines": [_line(request, entry) for entry in entries[:PAGE_SIZE]],
        "older": entries[PAGE_SIZE - 1].entry_no if len(entries) > PAGE_SIZE else None,
        "is_first": before is None,
        "page_help": _(
            "Every entry has a number without gaps and the balance after it, "
            "so a copy can be checked line by line."
        ),
    }
    return merchant_page(request, "merchant/wallet.html", context)


def _entries(request: ConsoleRequest, *, before: int | None, limit: int) -> list[Entry]:
    organisation = request.acting.organisation
    account = wallet_account(organisation.id, organisation.currency)
    with reading(request) as connection:
        return statement_of(connection, account, before_entry=before, limit=limit)


def _line(request: ConsoleRequest, entry: Entry) -> dict[str, Any]:
    return {
        "entry_no": entry.entry_no,
        "at": entry.created_at,
        "word": word_of(entry.kind),
        "order": encode("ord", entry.order) if entry.order else "",
        "amount_minor": entry.amount_minor,
        "balance_minor": entry.balance_after,
        "currency": request.acting.organisation.currency,
    }


@second_factor_required
def _export(request: ConsoleRequest) -> HttpResponse:
    request.acting.require(Permission.EXPORT)
    lines = [_line(request, entry) for entry in _entries(request, before=None, limit=EXPORT_MAX)]
    columns = [
        Column(_("No."), "entry_no"),
        Column(_("At"), "at"),
        Column(_("Kind"), "word"),
        Column(_("Order"), "order"),
        Column(_("Amount"), "amount_minor", money=True),
        Column(_("Balance after"), "balance_minor", money=True),
    ]
    return export(request, name="wallet", columns=columns, rows=lines)
