"""Orders of the merchant: list, search by any number, export, one order with its timeline.

Refuses costs to roles without `costs.read` and whole targets to roles without `targets.read`, in pages and in
exports. Acts on an order are in `order_acts`.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from django import forms
from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from kamao.business.identity.permissions import Permission, mask_target
from kamao.engine.pool import Connection
from kamao.engine.trade.queries import OrderFilter, list_orders, order_by_id
from kamao.engine.trade.types import OrderView
from kamao.kernel.errors import Refusal
from kamao.kernel.ids import decode, encode
from kamao.kernel.money import order_amount
from kamao.kernel.states import ORDER_STATES
from kamao.portals.accounts.exports import Column, export, wants_export
from kamao.portals.accounts.pages import ConsoleRequest, console_page, second_factor_required
from kamao.portals.accounts.reading import reading
from kamao.portals.kit.states import look_of
from kamao.portals.merchant import queries
from kamao.portals.merchant.frame import KIND, merchant_page

PAGE_SIZE: Final = 50
EXPORT_MAX: Final = 20_000
CANCELLABLE: Final = frozenset({"paid"})


class FilterForm(forms.Form):
    """What the list is narrowed to."""

    q = forms.CharField(required=False, max_length=40_000, strip=True)
    state = forms.ChoiceField(required=False, choices=[("", gettext_lazy("Every state"))])
    since = forms.DateField(required=False)
    until = forms.DateField(required=False)
    after = forms.CharField(required=False, max_length=40)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        states: Any = self.fields["state"]
        states.choices = [("", _("Every state")), *[(state, look_of(state).word) for state in ORDER_STATES]]


@console_page(KIND, permission=Permission.ORDERS_READ)
def orders(request: ConsoleRequest) -> HttpResponse:
    """List orders, newest first; a pasted list of numbers answers as a table."""
    form = FilterForm(request.GET)
    wanted = form.cleaned_data if form.is_valid() else {}
    if wants_export(request):
        return _export(request, wanted)
    with reading(request) as connection:
        found, more = _found(request, connection, wanted, limit=PAGE_SIZE)
        lines = lines_of(request, connection, found)
    if wanted.get("q") and len(found) == 1:
        return HttpResponseRedirect(reverse("merchant:order", args=[lines[0]["id"]]))
    context = {
        "form": form,
        "lines": lines,
        "missing": _missing(wanted.get("q", ""), found),
        "older": encode("ord", found[-1].id) if more else "",
        "is_filtered": any(wanted.get(name) for name in ("q", "state", "since", "until")),
        "page_help": _(
            "One box finds any number: ours, your reference, the channel's. Paste up to 500 at once."
        ),
    }
    return merchant_page(request, "merchant/orders.html", context)


def _found(
    request: ConsoleRequest, connection: Connection, wanted: dict[str, Any], *, limit: int
) -> tuple[list[OrderView], bool]:
    merchant = request.acting.organisation.id
    if wanted.get("q"):
        texts = wanted["q"].replace(",", " ").replace("，", " ").split()
        return queries.find_orders(connection, merchant=merchant, texts=texts), False
    where = OrderFilter(
        merchant=merchant,
        state=wanted.get("state") or None,
        created_from=_midnight(request, wanted.get("since")),
        created_until=_midnight(request, wanted.get("until"), days=1),
    )
    after = decode("ord", wanted.get("after") or "")
    return list_orders(connection, where, limit=limit, starting_after=after)


def _midnight(request: ConsoleRequest, day: date | None, *, days: int = 0) -> datetime | None:
    """Return the start of a day in the organisation's zone."""
    if day is None:
        return None
    zone = ZoneInfo(request.acting.organisation.business_zone)
    return datetime.combine(day + timedelta(days=days), time.min, tzinfo=zone)


def _missing(query: str, found: list[OrderView]) -> list[str]:
    """Return which numbers of a pasted list name no order."""
    texts = list(dict.fromkeys(query.replace(",", " ").replace("，", " ").split()))[: queries.SEARCH_MAX]
    if len(texts) < 2:
        return []
    known = {
        text for order in found for text in (order.reference, order.channel_order_no, encode("ord", order.id))
    }
    return [text for text in texts if text not in known]


def lines_of(request: ConsoleRequest, connection: Connection, found: list[OrderView]) -> list[dict[str, Any]]:
    """Return orders as table lines; money only where the person may see costs."""
    names = queries.sku_names(order.sku for order in found)
    retail = queries.retail_prices(connection, found)
    sees_costs = request.acting.sees_costs
    lines = []
    for order in found:
        unit = retail.get(order.id)
        sold = order_amount(unit, order.quantity, order.currency) if unit is not None else None
        line: dict[str, Any] = {
            "id": encode("ord", order.id),
            "order": order,
            "name": names.get(order.sku, order.sku),
            "currency": order.currency,
            "retail_minor": sold,
            "cost_minor": order.amount_minor if sees_costs else None,
            "margin_minor": sold - order.amount_minor if sees_costs and sold is not None else None,
        }
        lines.append(line)
    return lines


@second_factor_required
def _export(request: ConsoleRequest, wanted: dict[str, Any]) -> HttpResponse:
    request.acting.require(Permission.EXPORT)
    with reading(request) as connection:
        found: list[OrderView] = []
        more = True
        while more and len(found) < EXPORT_MAX:
            if found:
                wanted = {**wanted, "after": encode("ord", found[-1].id)}
            part, more = _found(request, connection, wanted, limit=1_000)
            found += part
        lines = lines_of(request, connection, found)
    columns = [
        Column(_("Order"), "id"),
        Column(_("Reference"), "reference"),
        Column(_("Channel order"), "channel_order_no"),
        Column(_("Goods"), "name"),
        Column(_("SKU"), "sku"),
        Column(_("Quantity"), "quantity"),
        Column(_("Sold for"), "retail_minor", money=True),
        Column(_("State"), "state_word"),
        Column(_("Created"), "created_at"),
        Column(_("Delivered"), "delivered_at"),
    ]
    if request.acting.sees_costs:
        columns[7:7] = [
            Column(_("Cost"), "cost_minor", money=True),
            Column(_("Margin"), "margin_minor", money=True),
        ]
    rows = [{**line, **_plain(line["order"])} for line in lines]
    return export(request, name="orders", columns=columns, rows=rows)


def _plain(order: OrderView) -> dict[str, Any]:
    return {
        "reference": order.reference,
        "channel_order_no": order.channel_order_no,
        "sku": order.sku,
        "quantity": order.quantity,
        "state_word": look_of(order.state).word,
        "created_at": order.created_at,
        "delivered_at": order.delivered_at,
    }


def own_order(
    request: ConsoleRequest, connection: Connection, order_id: str, *, with_deliveries: bool = False
) -> OrderView:
    """Return an order of this merchant. Raises Refusal `not_found` for any other."""
    key: UUID | None = decode("ord", order_id)
    merchant = request.acting.organisation.id
    found = order_by_id(connection, key, merchant=merchant, with_deliveries=with_deliveries) if key else None
    if found is None:
        raise Refusal("not_found", zh="没有这个订单。", en="There is no such order.")
    return found


@console_page(KIND, permission=Permission.ORDERS_READ)
def order(request: ConsoleRequest, order_id: str) -> HttpResponse:
    """Show one order: facts, money, target, timeline; codes stay hidden."""
    with reading(request) as connection:
        found = own_order(request, connection, order_id)
        context = order_context(request, connection, found)
    return merchant_page(request, "merchant/order.html", context)


def order_context(request: ConsoleRequest, connection: Connection, found: OrderView) -> dict[str, Any]:
    """Return what the order's page shows this person: target masked and money left out where it must be."""
    target = queries.target_of(connection, found.id) if found.has_target else {}
    if not request.acting.sees_targets:
        target = {name: mask_target(value) for name, value in target.items()}
    return {
        "line": lines_of(request, connection, [found])[0],
        "order": found,
        "target": target,
        "timeline": queries.timeline(connection, found.id),
        "reveals": queries.reveals(connection, found.id),
        "can_cancel": found.state in CANCELLABLE and request.acting.allows(Permission.ORDERS_CANCEL),
    }
