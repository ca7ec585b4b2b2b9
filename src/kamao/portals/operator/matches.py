"""The matching queue: rows of every supplier's sheets that wait for a person, and the decision that is
remembered.

Refuses whoever may not manage the catalogue; what a row is offered for stays with its supplier and is not
shown to others.
"""

from __future__ import annotations

from typing import Final
from uuid import UUID

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from kamao.business.catalog.models import Sku
from kamao.business.identity.permissions import Permission
from kamao.business.supply import reviews
from kamao.business.supply.library import recent_index
from kamao.business.supply.sheets.reasons import reason_text
from kamao.kernel.errors import Refusal
from kamao.portals.accounts.acting import actor_of
from kamao.portals.accounts.pages import ConsoleRequest, console_page, go, page, say, say_refusal
from kamao.portals.operator.home import KIND

ROWS_SHOWN: Final = 20


@console_page(KIND, permission=Permission.CATALOGUE_MANAGE)
def matches(request: ConsoleRequest) -> HttpResponse:
    """Show what waits, the oldest first, each with the SKUs it may mean."""
    rows = Paginator(reviews.waiting().order_by("sheet_import__created_at", "place"), ROWS_SHOWN)
    shown = rows.get_page(request.GET.get("page"))
    index = recent_index() if shown.object_list else None
    waiting = [
        {
            "row": row,
            "sentence": reason_text(row.reason, get_language() or "zh", row.params),
            "choices": reviews.suggestions(row, index=index),
        }
        for row in shown
    ]
    context = {
        "rows": shown,
        "waiting": waiting,
        "page_help": _("What suppliers' sheets name and the library does not know. Decide once per title."),
    }
    return page(request, "operator/matches.html", context)


@require_POST
@console_page(KIND, permission=Permission.CATALOGUE_MANAGE)
def decide(request: ConsoleRequest, row_id: int) -> HttpResponse:
    """Settle a row and all of the same title from that supplier."""
    try:
        settled = reviews.decide(row_id, sku_id=_chosen(request), at=timezone.now(), actor=actor_of(request))
        say(
            request,
            ngettext("%(count)d row settled.", "%(count)d rows settled.", settled) % {"count": settled},
        )
    except Refusal as refusal:
        say_refusal(request, refusal)
    return go(request, reverse("operator:matches"))


def _chosen(request: ConsoleRequest) -> UUID | None:
    """Return the SKU chosen or typed, None for "not ours". Raises Refusal `invalid`."""
    if "not_ours" in request.POST:
        return None
    sku = Sku.objects.filter(code=request.POST.get("code", "").strip().replace("\x00", "")).first()
    if sku is not None:
        return sku.id
    try:
        return UUID(request.POST.get("sku", ""))
    except ValueError as error:
        raise Refusal(
            "invalid", zh="请选择一个规格，或填写规格编码。", en="Choose a SKU or type its code."
        ) from error
