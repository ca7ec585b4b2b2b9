"""Today: what was sold, what waits, what to do first."""

from __future__ import annotations

from datetime import timedelta

from django.http import HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _

from kamao.business.identity.models import ApiKey, Impersonation, Membership
from kamao.business.identity.permissions import Permission
from kamao.engine.trade.queries import OrderFilter, list_orders
from kamao.portals.accounts.pages import ConsoleRequest, console_page
from kamao.portals.accounts.reading import reading
from kamao.portals.merchant import queries
from kamao.portals.merchant.frame import KIND, merchant_page
from kamao.portals.merchant.orders import lines_of

_LATEST = 8
_ANNOUNCED = timedelta(days=7)


@console_page(KIND)
def home(request: ConsoleRequest) -> HttpResponse:
    """Show the day, the latest orders and the first steps."""
    organisation = request.acting.organisation
    now = timezone.now()
    with reading(request) as connection:
        day = queries.today(connection, merchant=organisation.id, at=now)
        orders, _more = list_orders(connection, OrderFilter(merchant=organisation.id), limit=_LATEST)
        lines = lines_of(request, connection, orders)
    looked = Impersonation.objects.filter(organisation=organisation, started_at__gt=now - _ANNOUNCED)
    context = {
        "today": day,
        "lines": lines,
        "steps": _first_steps(request, has_orders=bool(orders)),
        "looked_at": looked.order_by("-started_at").first() if request.acting.impersonation is None else None,
        "page_help": _("The business day so far, in Beijing time. Numbers follow each order at once."),
    }
    return merchant_page(request, "merchant/home.html", context)


def _first_steps(request: ConsoleRequest, *, has_orders: bool) -> list[tuple[str, str, bool]]:
    """Return the first hour's steps that this person can take: words, address, whether done."""
    acting = request.acting
    organisation = acting.organisation
    steps = []
    if acting.allows(Permission.MEMBERS_MANAGE):
        several = Membership.objects.filter(organisation=organisation).count() > 1
        steps.append((_("Invite your colleagues"), "/merchant/members/", several))
    if acting.allows(Permission.API_KEYS_MANAGE):
        has_key = ApiKey.objects.filter(organisation=organisation).exists()
        steps.append((_("Make a test key and place a first test order"), "/api-keys/", has_key))
    if acting.allows(Permission.ORDERS_PLACE):
        steps.append((_("Receive a first order"), "/merchant/orders/", has_orders))
    return [] if all(done for _words, _url, done in steps) else steps
