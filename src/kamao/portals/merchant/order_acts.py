"""What may be done with one order: cancel it while nobody supplies it, show its codes once more.

Refuses another merchant's order (404). Codes are shown only with `codes.reveal`, a fresh second factor and a
trace that commits before anything is opened.
"""

from __future__ import annotations

from typing import Final

from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from kamao.business.identity import audit
from kamao.business.identity.permissions import Permission
from kamao.business.keyring import node_keyring
from kamao.engine.stock.opening import open_delivery
from kamao.engine.stock.operations import record_reveals
from kamao.engine.trade.refunds import cancel as cancel_orders
from kamao.engine.trade.types import CancelRequest
from kamao.kernel.errors import Refusal
from kamao.kernel.ids import RandomIds
from kamao.portals.accounts.acting import actor_of
from kamao.portals.accounts.pages import (
    ConsoleRequest,
    console_page,
    say,
    say_refusal,
    second_factor_required,
)
from kamao.portals.accounts.reading import reading
from kamao.portals.merchant.frame import KIND, merchant_page
from kamao.portals.merchant.orders import order_context, own_order

_REASON_MAX: Final = 200


@require_POST
@console_page(KIND, permission=Permission.ORDERS_CANCEL)
def cancel(request: ConsoleRequest, order_id: str) -> HttpResponse:
    """Cancel an order that nobody has been asked to supply; the money returns in the same transaction."""
    reason = request.POST.get("reason", "").strip()[:_REASON_MAX] or "-"
    now = timezone.now()
    merchant = request.acting.organisation.id
    with reading(request) as connection:
        found = own_order(request, connection, order_id)
        actor = f"user:{request.acting.user.id}"
        wish = CancelRequest(merchant=merchant, order=found.id, actor=actor, reason=reason)
        change = cancel_orders(connection, [wish], at=now, ids=RandomIds(request.acting.cell.number))[0]
        if change.outcome == "done":
            audit.record(
                "order.cancel",
                actor=actor_of(request),
                at=now,
                organisation=merchant,
                object_kind="order",
                object_id=order_id,
                details={"reason": reason, "amount_minor": change.amount_minor},
            )
    if change.outcome in {"done", "repeated"}:
        say(request, _("The order is cancelled; the money is back in the wallet."))
    else:
        say_refusal(request, _too_late())
    return HttpResponseRedirect(reverse("merchant:order", args=[order_id]))


def _too_late() -> Refusal:
    return Refusal(
        "forbidden",
        zh="已无法撤单：订单已交付或货源正在处理。",
        en="It can no longer be cancelled: it is delivered, or a supplier is at work.",
    )


@require_POST
@console_page(KIND, permission=Permission.CODES_REVEAL)
@second_factor_required
def reveal(request: ConsoleRequest, order_id: str) -> HttpResponse:
    """Show an order's codes once more; the trace commits before anything is opened."""
    reason = request.POST.get("reason", "").strip()[:_REASON_MAX] or "-"
    now = timezone.now()
    with reading(request) as connection:
        found = own_order(request, connection, order_id, with_deliveries=True)
        items = [delivered for delivered in found.deliveries if delivered.sealed is not None]
        ids = RandomIds(request.acting.cell.number)
        actor = f"user:{request.acting.user.id}"
        codes = [delivered.code for delivered in items if delivered.code is not None]
        record_reveals(connection, codes, order=found.id, actor=actor, reason=reason, at=now, ids=ids)
        audit.record(
            "codes.reveal",
            actor=actor_of(request),
            at=now,
            organisation=request.acting.organisation.id,
            object_kind="order",
            object_id=order_id,
            details={"reason": reason, "items": len(items)},
        )
        context = order_context(request, connection, found)
    keyring = node_keyring()
    context["codes"] = [open_delivery(keyring, delivered) for delivered in items]
    response = merchant_page(request, "merchant/order.html", context)
    response.headers["Cache-Control"] = "no-store"
    response.headers["Referrer-Policy"] = "no-referrer"
    return response
