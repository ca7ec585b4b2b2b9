"""The supplier's home: what is on sale, what is left, what is to be done, what is owed."""

from __future__ import annotations

from django.http import HttpResponse
from django.utils.translation import gettext as _

from kamao.business.identity.models import OrganisationKind
from kamao.business.identity.permissions import Permission
from kamao.portals.accounts.pages import ConsoleRequest, console_page, page
from kamao.portals.accounts.reading import reading
from kamao.portals.supplier import queries

KIND = OrganisationKind.SUPPLIER


@console_page(KIND)
def home(request: ConsoleRequest) -> HttpResponse:
    """Show the overview; money only where the person may see it."""
    organisation = request.acting.organisation
    with reading(request) as connection:
        overview = queries.overview(connection, supplier=organisation.id, currency=organisation.currency)
    context = {
        "overview": overview,
        "sees_money": request.acting.allows(Permission.WALLET_READ),
        "page_help": _("What is on sale, how much is left, what waits for you, and what is owed to you."),
    }
    return page(request, "supplier/home.html", context)
