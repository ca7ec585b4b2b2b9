"""The operator's board: health of the node, money of the day, and the way to everything else."""

from __future__ import annotations

from typing import Final

from django.http import HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from kamao.business.identity.models import OrganisationKind
from kamao.business.identity.permissions import Permission
from kamao.portals.accounts.pages import ConsoleRequest, console_page, page
from kamao.portals.accounts.reading import reading
from kamao.portals.operator import queries

KIND = OrganisationKind.OPERATOR
_WORKER_AGE_MAX_S: Final = 15.0
_OUTBOX_AGE_MAX_S: Final = 30.0

_GROUPS: Final = (
    ("cash", gettext_lazy("Cash")),
    ("float", gettext_lazy("Upstream floats")),
    ("wallet", gettext_lazy("Wallets")),
    ("escrow", gettext_lazy("Escrow")),
    ("payable", gettext_lazy("Payables")),
    ("deposit", gettext_lazy("Deposits")),
    ("refund_due", gettext_lazy("Refunds due")),
    ("unapplied", gettext_lazy("Money that fits nothing")),
    ("guarantee", gettext_lazy("Guarantee fund")),
    ("income", gettext_lazy("Income")),
    ("receivable", gettext_lazy("Receivables")),
    ("recourse", gettext_lazy("Recourse")),
    ("inventory", gettext_lazy("Inventory")),
    ("cogs", gettext_lazy("Cost of goods")),
    ("expense", gettext_lazy("Expenses")),
    ("loss", gettext_lazy("Losses")),
    ("suspense", gettext_lazy("Suspense")),
    ("fx", gettext_lazy("Currency exchange")),
    ("clearing", gettext_lazy("Clearing")),
    ("opening", gettext_lazy("Opening balances")),
)
_ALWAYS: Final = frozenset({"cash", "wallet", "escrow", "payable", "deposit"})
"""Kinds that are shown even while nothing is on them."""
_WORDS: Final = dict(_GROUPS)
_ORDER: Final = {kind: place for place, (kind, _word) in enumerate(_GROUPS)}


@console_page(KIND)
def home(request: ConsoleRequest) -> HttpResponse:
    """Show the board; money only with `books.read`."""
    now = timezone.now()
    sees_books = request.acting.allows(Permission.BOOKS_READ)
    with reading(request) as connection:
        health = queries.health(connection, at=now)
        money = queries.money_of_the_day(connection, at=now) if sees_books else []
    lines = [
        {"word": str(_WORDS.get(line.kind, line.kind)), "line": line}
        for line in money
        if line.kind in _ALWAYS or line.today_minor or line.yesterday_minor
    ]
    lines.sort(key=lambda entry: (entry["line"].currency, _ORDER.get(entry["line"].kind, len(_ORDER))))
    difference = queries.difference_minor(money)
    context = {
        "health": health,
        "worker_ok": health.worker_age_s is not None and health.worker_age_s <= _WORKER_AGE_MAX_S,
        "outbox_ok": health.outbox_age_s is None or health.outbox_age_s <= _OUTBOX_AGE_MAX_S,
        "money": lines,
        "sees_books": sees_books,
        "difference": [(currency, amount) for currency, amount in sorted(difference.items())],
        "page_help": _("Health as the database sees it; money against the end of yesterday, Beijing time."),
    }
    return page(request, "operator/home.html", context)
