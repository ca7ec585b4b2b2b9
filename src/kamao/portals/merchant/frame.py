"""What every page of this console shows around its content: the wallet, and a way to read one cell."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.utils import timezone

from kamao.business.identity.models import OrganisationKind
from kamao.business.identity.permissions import Permission
from kamao.portals.accounts.pages import ConsoleRequest, page
from kamao.portals.accounts.reading import reading
from kamao.portals.merchant import queries

KIND = OrganisationKind.MERCHANT


def merchant_page(
    request: ConsoleRequest, template: str, context: dict[str, Any], *, status: int = 200
) -> HttpResponse:
    """Render a page of the console, the wallet in its bar where the person may see it."""
    if request.acting.allows(Permission.WALLET_READ) and "wallet" not in context:
        organisation = request.acting.organisation
        with reading(request) as connection:
            context["wallet"] = queries.wallet_now(
                connection, merchant=organisation.id, currency=organisation.currency, at=timezone.now()
            )
    return page(request, template, context, status=status)
