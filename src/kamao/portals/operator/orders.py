"""Every order of the node: search by any number, one order from end to end, and a refund by hand.

Refuses a refund above the limit of the person's role, and shows codes to nobody: a reveal is the merchant's
act.
"""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from kamao.business.identity import audit
from kamao.business.identity.models import Organisation
from kamao.business.identity.permissions import Permission
from kamao.engine.pool import Connection
from kamao.engine.trade.queries import order_by_id
from kamao.engine.trade.refunds import refund as refund_orders
from kamao.engine.trade.types import OrderView, RefundRequest
from kamao.kernel.errors import Refusal
from kamao.kernel.ids import RandomIds, decode, encode
from kamao.kernel.money import order_amount
from kamao.portals.accounts.acting import actor_of
from kamao.portals.accounts.pages import (
    ConsoleRequest,
    console_page,
    page,
    say,
    say_refusal,
    second_factor_required,
)
from kamao.portals.accounts.reading import reading
from kamao.portals.operator import queries
from kamao.portals.operator.home import KIND

_REASON_MAX: Final = 200


@console_page(KIND, permission=Permission.ORDERS_READ)
def orders(request: ConsoleRequest) -> HttpResponse:
    """Search orders of every merchant."""
    texts = request.GET.get("q", "").replace(",", " ").split()[: queries.SEARCH_MAX]
    with reading(request) as connection:
        found = queries.search_orders(connection, texts=texts)
    names = names_of({line["merchant"] for line in found})
    for line in found:
        line["number"] = encode("ord", line["id"])
        line["merchant_name"] = names.get(line["merchant"], "")
    context = {"lines": found, "query": request.GET.get("q", ""), "page_help": _(
        "Any number: ours, a merchant's reference, a channel's, a purchase's."
    )}  # fmt: skip
    return page(request, "operator/orders.html", context)


def names_of(ids: set[UUID]) -> dict[UUID, str]:
    """Return organisations' display names."""
    return dict(Organisation.objects.filter(pk__in=ids).values_list("pk", "display_name"))


def _order(connection: Connection, order_id: str) -> OrderView:
    key = decode("ord", order_id)
    found = order_by_id(connection, key) if key is not None else None
    if found is None:
        raise Refusal("not_found", zh="没有这个订单。", en="There is no such order.")
    return found


@console_page(KIND, permission=Permission.ORDERS_READ)
def order(request: ConsoleRequest, order_id: str) -> HttpResponse:
    """Show one order from end to end; money only to roles that see costs."""
    with reading(request) as connection:
        found = _order(connection, order_id)
        story = queries.order_story(connection, found.id)
    involved: set[Any] = {found.merchant}
    involved |= {party["organisation"] for party in story["parties"] if party["organisation"]}
    involved |= {attempt["supplier"] for attempt in story["attempts"]}
    names = names_of(involved)
    for party in story["parties"]:
        party["name"] = names.get(party["organisation"], _("platform"))
    for posting in story["postings"]:
        posting["debit"] = _readable(posting["debit"], names)
        posting["credit"] = _readable(posting["credit"], names)
    for attempt in story["attempts"]:
        attempt["name"] = names.get(attempt["supplier"], "")
    context = {
        "order": found,
        "number": order_id,
        "merchant_name": names.get(found.merchant, ""),
        "story": story,
        "refund_key": RandomIds(request.acting.cell.number).new(),
        "left": found.quantity - found.units_refunded,
    }
    return page(request, "operator/order.html", context)


def _readable(account: str, names: dict[UUID, str]) -> str:
    """Return an account's name with the organisation's name in place of its id."""
    for key, name in names.items():
        account = account.replace(key.hex, name)
    return account


@require_POST
@console_page(KIND, permission=Permission.ORDERS_REFUND)
@second_factor_required
def refund(request: ConsoleRequest, order_id: str) -> HttpResponse:
    """Refund units of an order to where the money came from."""
    back = HttpResponseRedirect(reverse("operator:order", args=[order_id]))
    try:
        units = int(request.POST.get("units", ""))
        key = UUID(request.POST.get("key", ""))
    except ValueError:
        say_refusal(request, Refusal("invalid"))
        return back
    reason = request.POST.get("reason", "").strip()[:_REASON_MAX]
    try:
        outcome = _refund(request, order_id, units=units, key=key, reason=reason)
    except Refusal as refusal:
        say_refusal(request, refusal)
        return back
    say(request, _("Refund: %(outcome)s") % {"outcome": outcome})
    return back


def _refund(request: ConsoleRequest, order_id: str, *, units: int, key: UUID, reason: str) -> str:
    now = timezone.now()
    limit = request.acting.grant.refund_limit_minor
    with reading(request) as connection:
        found = _order(connection, order_id)
        if not reason or not 0 < units <= found.quantity:
            raise Refusal("invalid", zh="请填写数量和原因。", en="Give the units and a reason.")
        if (
            limit is not None
            and order_amount(found.unit_price_e4, units, found.currency) + found.refunded_minor > limit
        ):
            raise Refusal(
                "forbidden",
                zh="超过你的退款限额，请让财务或管理员处理。",
                en="This is above your refund limit; ask finance or an administrator.",
            )
        actor = f"user:{request.acting.user.id}"
        wish = RefundRequest(id=key, order=found.id, actor=actor, reason=reason, units=units)
        change = refund_orders(connection, [wish], at=now, ids=RandomIds(request.acting.cell.number))[0]
        audit.record(
            "order.refund",
            actor=actor_of(request),
            at=now,
            organisation=found.merchant,
            object_kind="order",
            object_id=order_id,
            details={
                "units": units,
                "reason": reason,
                "outcome": change.outcome,
                "amount_minor": change.amount_minor,
            },
        )
    return change.outcome
