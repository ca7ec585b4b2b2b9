"""Offers and lots of the supplier: what is on sale at which price, what is left, pausing, recalling.

Refuses another supplier's offers and lots (404). A recall takes every unsold code off sale for good, so it
wants a fresh second factor.
"""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpResponse, HttpResponseRedirect
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from kamao.business.identity import audit
from kamao.business.identity.permissions import Permission
from kamao.business.supply.models import SupplierOffer
from kamao.business.supply.offers import OfferDraft, put_supplier_offers
from kamao.engine.stock.operations import recall_lot
from kamao.engine.stock.queries import free_counts, lots_of
from kamao.kernel.errors import Refusal
from kamao.kernel.ids import decode, encode
from kamao.portals.accounts.acting import actor_of
from kamao.portals.accounts.exports import Column, export, wants_export
from kamao.portals.accounts.pages import ConsoleRequest, console_page, page, say, second_factor_required
from kamao.portals.accounts.reading import reading
from kamao.portals.supplier.home import KIND

PAGE_SIZE: Final = 50
EXPORT_MAX: Final = 50_000
_FREE_COUNTED_MAX: Final = 10_000


@console_page(KIND, permission=Permission.SUPPLY_READ)
def offers(request: ConsoleRequest) -> HttpResponse:
    """List offers; search by item number, title or SKU."""
    rows = _filtered(request)
    if wants_export(request):
        return _export(request)
    found = Paginator(rows, PAGE_SIZE).get_page(request.GET.get("page"))
    stocked = [row.id for row in found.object_list if row.fulfilment == "stock"]
    with reading(request) as connection:
        counts = (
            free_counts(connection, stocked, at=timezone.now(), at_most=_FREE_COUNTED_MAX) if stocked else {}
        )
    context = {
        "rows": [{"row": row, "free": counts.get(row.id, 0)} for row in found.object_list],
        "page_of": found,
        "query": request.GET.get("q", ""),
        "status": request.GET.get("status", ""),
        "page_help": _(
            "Every item you supply, with the price sent last. "
            "A paused item sells nothing and keeps its codes."
        ),
    }
    return page(request, "supplier/offers.html", context)


def _own(request: ConsoleRequest) -> QuerySet[SupplierOffer]:
    acting = request.acting
    return SupplierOffer.objects.filter(supplier=acting.organisation, livemode=acting.cell.livemode)


def _filtered(request: ConsoleRequest) -> QuerySet[SupplierOffer]:
    rows = _own(request).select_related("sku").order_by("-updated_at", "-id")
    query = request.GET.get("q", "").strip()
    if query:
        rows = rows.filter(item=query) | rows.filter(title__icontains=query) | rows.filter(sku__code=query)
    if request.GET.get("status") in {"active", "paused"}:
        rows = rows.filter(status=request.GET["status"])
    return rows


@second_factor_required
def _export(request: ConsoleRequest) -> HttpResponse:
    request.acting.require(Permission.EXPORT)
    columns = [
        Column(_("Item number"), "item"),
        Column(_("Title"), "title"),
        Column(_("SKU"), "sku"),
        Column(_("Supply price"), "price"),
        Column(_("Currency"), "currency"),
        Column(_("State"), "status"),
    ]
    rows = [_plain(row) for row in _filtered(request)[:EXPORT_MAX]]
    return export(request, name="offers", columns=columns, rows=rows)


def _plain(row: SupplierOffer) -> dict[str, Any]:
    whole, rest = divmod(row.unit_price_e4, 10_000)
    return {
        "item": row.item.removeprefix("~"),
        "title": row.title,
        "sku": row.sku.code,
        "price": f"{whole}.{rest:04d}",
        "currency": row.currency,
        "status": row.get_status_display(),
    }


@require_POST
@console_page(KIND, permission=Permission.SUPPLY_MANAGE)
def switch_offer(request: ConsoleRequest, offer_id: UUID) -> HttpResponse:
    """Pause an offer or put it back on sale."""
    row = _own(request).filter(pk=offer_id).first()
    if row is None:
        raise Refusal("not_found")
    wanted = request.POST.get("on_sale") == "1"
    item = "" if row.item.startswith("~") else row.item
    draft = OfferDraft(sku=row.sku_id, item=item, on_sale=wanted)
    livemode = request.acting.cell.livemode
    put_supplier_offers(request.acting.organisation.id, [draft], at=timezone.now(), livemode=livemode)
    say(request, _("On sale again.") if wanted else _("Paused; nothing more is sold of it."))
    return HttpResponseRedirect(reverse("supplier:offers"))


@console_page(KIND, permission=Permission.SUPPLY_READ)
def lots(request: ConsoleRequest) -> HttpResponse:
    """List imports of codes, newest first, with what became of them."""
    before = decode("lot", request.GET.get("before", ""))
    with reading(request) as connection:
        found = lots_of(connection, request.acting.organisation.id, limit=PAGE_SIZE + 1, before=before)
    titles = dict(_own(request).filter(pk__in={lot.offer for lot in found}).values_list("pk", "title"))
    context = {
        "rows": [
            {"lot": lot, "number": encode("lot", lot.id), "title": titles.get(lot.offer, "")}
            for lot in found[:PAGE_SIZE]
        ],
        "older": encode("lot", found[PAGE_SIZE - 1].id) if len(found) > PAGE_SIZE else "",
        "page_help": _(
            "One line per import of codes. "
            "A recall takes what is unsold off sale for good; sold codes stay sold."
        ),
    }
    return page(request, "supplier/lots.html", context)


@require_POST
@console_page(KIND, permission=Permission.SUPPLY_MANAGE)
@second_factor_required
def recall(request: ConsoleRequest, lot_id: str) -> HttpResponse:
    """Take every unsold code of a lot off sale for good."""
    key = decode("lot", lot_id)
    if key is None:
        raise Refusal("not_found")
    now = timezone.now()
    organisation = request.acting.organisation
    with reading(request) as connection:
        outcome, count = recall_lot(connection, key, supplier=organisation.id)
        if outcome != "done":
            raise Refusal("not_found")
        audit.record(
            "lot.recall",
            actor=actor_of(request),
            at=now,
            organisation=organisation.id,
            object_kind="lot",
            object_id=lot_id,
            details={"taken": count},
        )
    say(request, _("%(count)s unsold codes are off sale.") % {"count": count})
    return HttpResponseRedirect(reverse("supplier:lots"))


patterns = [
    path("offers/", offers, name="offers"),
    path("offers/<uuid:offer_id>/switch/", switch_offer, name="offer_switch"),
    path("lots/", lots, name="lots"),
    path("lots/<slug:lot_id>/recall/", recall, name="lot_recall"),
]
