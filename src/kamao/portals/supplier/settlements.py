"""What the supplier was credited and debited: settled orders, reversals, payouts, each with the balance after
it.
"""

from __future__ import annotations

from typing import Any, Final

from django.http import HttpResponse
from django.urls import path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from kamao.business.identity.permissions import Permission
from kamao.engine.ledger.accounts import payable
from kamao.engine.ledger.queries import balance, statement_of
from kamao.engine.ledger.types import Entry
from kamao.kernel.ids import encode
from kamao.portals.accounts.exports import Column, export, wants_export
from kamao.portals.accounts.pages import ConsoleRequest, console_page, page, second_factor_required
from kamao.portals.accounts.reading import reading
from kamao.portals.supplier.home import KIND

PAGE_SIZE: Final = 50
EXPORT_MAX: Final = 50_000
_WORDS: Final = {
    "settlement": gettext_lazy("Settled order"),
    "reversal": gettext_lazy("Reversal"),
    "payout": gettext_lazy("Payout"),
}


@console_page(KIND, permission=Permission.WALLET_READ)
def settlements(request: ConsoleRequest) -> HttpResponse:
    """Show what is owed and the statement, newest first."""
    if wants_export(request):
        return _export(request)
    organisation = request.acting.organisation
    account = payable(organisation.id, organisation.currency)
    text = request.GET.get("before", "")
    before = int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None
    with reading(request) as connection:
        held = balance(connection, account)
        entries = statement_of(connection, account, before_entry=before, limit=PAGE_SIZE + 1)
    context = {
        "balance": held,
        "lines": [_line(request, entry) for entry in entries[:PAGE_SIZE]],
        "older": entries[PAGE_SIZE - 1].entry_no if len(entries) > PAGE_SIZE else None,
        "page_help": _("An order is credited when its settlement delay has passed without a dispute."),
    }
    return page(request, "supplier/settlements.html", context)


def _line(request: ConsoleRequest, entry: Entry) -> dict[str, Any]:
    return {
        "entry_no": entry.entry_no,
        "at": entry.created_at,
        "word": str(_WORDS.get(entry.kind, entry.kind.replace("_", " "))),
        "order": encode("ord", entry.order) if entry.order else "",
        "amount_minor": entry.amount_minor,
        "balance_minor": entry.balance_after,
        "currency": request.acting.organisation.currency,
    }


@second_factor_required
def _export(request: ConsoleRequest) -> HttpResponse:
    request.acting.require(Permission.EXPORT)
    organisation = request.acting.organisation
    with reading(request) as connection:
        entries = statement_of(connection, payable(organisation.id, organisation.currency), limit=EXPORT_MAX)
    columns = [
        Column(_("No."), "entry_no"),
        Column(_("At"), "at"),
        Column(_("Kind"), "word"),
        Column(_("Order"), "order"),
        Column(_("Amount"), "amount_minor", money=True),
        Column(_("Balance after"), "balance_minor", money=True),
    ]
    return export(
        request, name="settlements", columns=columns, rows=[_line(request, entry) for entry in entries]
    )


patterns = [path("settlements/", settlements, name="settlements")]
