"""Rows that wait for a person: what they may mean, and the decision that is remembered.

Refuses rows of other suppliers with 404.
"""

from __future__ import annotations

from typing import Final
from uuid import UUID

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from kamao.business.catalog.models import Sku
from kamao.business.identity.permissions import Permission
from kamao.business.supply import reviews as supply_reviews
from kamao.business.supply.library import recent_index
from kamao.business.supply.models import MatchDecision
from kamao.business.supply.sheets.reasons import reason_text
from kamao.kernel.errors import Refusal
from kamao.portals.accounts.acting import actor_of
from kamao.portals.accounts.pages import ConsoleRequest, console_page, go, page, say, say_refusal
from kamao.portals.supplier.imports import KIND

ROWS_SHOWN: Final = 20
DECISIONS_SHOWN: Final = 50


@console_page(KIND, permission=Permission.SUPPLY_MANAGE)
def reviews(request: ConsoleRequest) -> HttpResponse:
    """Show what waits, each with the SKUs it may mean, and what was decided before."""
    supplier = request.acting.organisation.id
    rows = Paginator(
        supply_reviews.waiting(supplier).order_by("-sheet_import__created_at", "place"), ROWS_SHOWN
    )
    shown = rows.get_page(request.GET.get("page"))
    index = recent_index() if shown.object_list else None
    waiting = [
        {
            "row": row,
            "sentence": reason_text(row.reason, get_language() or "zh", row.params),
            "choices": supply_reviews.suggestions(row, index=index),
        }
        for row in shown
    ]
    decisions = MatchDecision.objects.filter(supplier_id=supplier).select_related("sku", "sku__product")
    context = {
        "rows": shown,
        "waiting": waiting,
        "decisions": decisions.order_by("-decided_at")[:DECISIONS_SHOWN],
        "page_help": _("Say once what a title means; the next sheet knows it."),
    }
    return page(request, "supplier/imports/reviews.html", context)


@require_POST
@console_page(KIND, permission=Permission.SUPPLY_MANAGE)
def decide(request: ConsoleRequest, row_id: int) -> HttpResponse:
    """Settle a row and all of the same title."""
    try:
        settled = supply_reviews.decide(
            row_id, sku_id=_chosen(request), at=timezone.now(), actor=actor_of(request),
            supplier_id=request.acting.organisation.id,
        )  # fmt: skip
        say(
            request,
            ngettext("%(count)d row settled.", "%(count)d rows settled.", settled) % {"count": settled},
        )
    except Refusal as refusal:
        say_refusal(request, refusal)
    return go(request, reverse("supplier:reviews"))


def _chosen(request: ConsoleRequest) -> UUID | None:
    """Return the SKU chosen or typed, None for "not ours". Raises Refusal `invalid`."""
    if "not_ours" in request.POST:
        return None
    typed = request.POST.get("code", "").strip()
    if typed:
        sku = Sku.objects.filter(code=typed).first() if "\x00" not in typed else None
        if sku is None:
            raise Refusal("invalid", zh="没有这个规格编码。", en="There is no SKU with this code.")
        return sku.id
    try:
        return UUID(request.POST.get("sku", ""))
    except ValueError as error:
        raise Refusal(
            "invalid", zh="请选择一个规格，或填写规格编码。", en="Choose a SKU or type its code."
        ) from error


@require_POST
@console_page(KIND, permission=Permission.SUPPLY_MANAGE)
def forget(request: ConsoleRequest, decision_id: UUID) -> HttpResponse:
    """Forget a remembered decision; offers made by it stay."""
    try:
        supply_reviews.forget(decision_id, supplier_id=request.acting.organisation.id)
        say(request, _("Forgotten. The next sheet asks again."))
    except Refusal as refusal:
        say_refusal(request, refusal)
    return go(request, reverse("supplier:reviews"))


patterns = [
    path("reviews/", reviews, name="reviews"),
    path("reviews/<int:row_id>/", decide, name="review_decide"),
    path("reviews/decisions/<uuid:decision_id>/forget/", forget, name="review_forget"),
]
