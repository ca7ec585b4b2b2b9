"""Webhooks of the merchant: endpoints, what was sent to them, and what came back. Acts are in `webhook_acts`.

Refuses to show a secret twice; the mode (live or test) is the console's.
"""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

import msgspec
from django import forms
from django.conf import settings
from django.http import HttpResponse
from django.utils import timezone
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from kamao.business.identity.permissions import Permission
from kamao.business.keyring import node_keyring
from kamao.business.webhooks import operations, queries
from kamao.business.webhooks.event_types import EVENT_TYPES, NAMES
from kamao.business.webhooks.guard import AddressGuard
from kamao.business.webhooks.models import Delivery, DeliveryState, Endpoint, EndpointState
from kamao.business.webhooks.rules import ATTEMPTS_MAX
from kamao.kernel.errors import Refusal
from kamao.kernel.ids import decode, encode
from kamao.portals.accounts.acting import actor_of, message_of
from kamao.portals.accounts.pages import ConsoleRequest, console_page
from kamao.portals.merchant.frame import KIND, merchant_page

PREFIX = "whe"
_LOG_PAGE = 50
_LOOKS = {
    EndpointState.ENABLED: "active",
    EndpointState.DISABLED: "suspended",
    DeliveryState.WAITING: "pending",
    DeliveryState.SENDING: "running",
    DeliveryState.DELIVERED: "delivered",
    DeliveryState.EXHAUSTED: "failed",
}
_OUTCOMES = {
    "delivered": gettext_lazy("delivered"),
    "redirected": gettext_lazy("answered with a redirect, which is not followed"),
    "gone": gettext_lazy("answered 410: wants no more"),
    "throttled": gettext_lazy("asked to slow down"),
    "unavailable": gettext_lazy("not available now"),
    "refused": gettext_lazy("answered with an error"),
    "blocked": gettext_lazy("address not allowed"),
    "unresolved": gettext_lazy("name not found"),
    "unreachable": gettext_lazy("no connection"),
    "tls": gettext_lazy("certificate refused"),
    "timeout": gettext_lazy("no answer within 15 seconds"),
    "protocol": gettext_lazy("answer not understood"),
}


class EndpointForm(forms.Form):
    """Where events go, and which."""

    url = forms.CharField(
        label=gettext_lazy("Address"),
        max_length=2000,
        widget=forms.URLInput(attrs={"placeholder": "https://shop.example.com/kamao"}),
    )
    description = forms.CharField(label=gettext_lazy("Remark"), max_length=200, required=False)
    event_types = forms.MultipleChoiceField(
        label=gettext_lazy("Events"),
        required=False,
        help_text=gettext_lazy("Choose none to get every event, later ones too."),
        widget=forms.CheckboxSelectMultiple,
    )

    def __init__(self, *args: Any, endpoint: Endpoint | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["event_types"]
        raised = {kind.name for kind in EVENT_TYPES if kind.is_raised}
        groups = [name for name in (endpoint.event_types if endpoint else []) if name not in raised]
        field.choices = [
            *[(group, group) for group in groups],
            *[(kind.name, f"{kind.name} · {_event_word(kind)}") for kind in EVENT_TYPES if kind.is_raised],
        ]
        if endpoint is not None:
            self.initial = {
                "url": endpoint.url,
                "description": endpoint.description,
                "event_types": endpoint.event_types,
            }


def _event_word(kind: Any) -> str:
    return str(kind.zh if (get_language() or "zh").startswith("zh") else kind.en)


def guard() -> AddressGuard:
    """The node's guard of outgoing addresses."""
    return AddressGuard(allow_loopback=settings.KAMAO_ALLOW_LOOPBACK)


def owner_of(request: ConsoleRequest) -> queries.Owner:
    """Whose webhooks the page shows."""
    return queries.Owner(request.acting.organisation.id, request.acting.cell)


def own_endpoint(request: ConsoleRequest, public_id: str) -> Endpoint:
    """Return an endpoint of this merchant in the console's mode. Raises Refusal for any other."""
    key = decode(PREFIX, public_id)
    if key is None:
        raise Refusal("webhook_endpoint_not_found")
    return queries.find_endpoint(owner_of(request), key)


def logged_endpoint(request: ConsoleRequest, public_id: str) -> Endpoint:
    """Like `own_endpoint`, and also the signer for orders: it has a log, but nothing to change."""
    signer = queries.order_signer(owner_of(request))
    if signer is not None and encode(PREFIX, signer.id) == public_id:
        return signer
    return own_endpoint(request, public_id)


def own_delivery(endpoint: Endpoint, public_id: str) -> Delivery:
    """Return a delivery of an endpoint by its public id. Raises Refusal ``event_not_found``."""
    key: UUID | None = decode("dlv", public_id)
    if key is None:
        raise Refusal("event_not_found")
    return queries.find_delivery(endpoint, key)


@console_page(KIND, permission=Permission.WEBHOOKS_MANAGE)
def webhooks(request: ConsoleRequest) -> HttpResponse:
    """List endpoints; a POST makes one and shows its secret."""
    if request.method != "POST":
        return endpoints_page(request, form=EndpointForm())
    form = EndpointForm(request.POST)
    if not form.is_valid():
        return endpoints_page(request, form=form, status=422)
    try:
        made = operations.create_endpoint(
            owner_of(request),
            **form.cleaned_data,
            actor=actor_of(request),
            keyring=node_keyring(),
            guard=guard(),
            at=timezone.now(),
        )
    except Refusal as refusal:
        form.add_error("url" if refusal.code == "webhook_url_refused" else None, message_of(refusal))
        return endpoints_page(request, form=form, status=refusal.status)
    return endpoints_page(request, form=EndpointForm(), made=made)


def endpoints_page(
    request: ConsoleRequest,
    *,
    form: EndpointForm,
    made: operations.NewSecret | None = None,
    status: int = 200,
) -> HttpResponse:
    """Render the list, with a new secret above it where one was just made."""
    rows = list(queries.endpoints_of(owner_of(request)))
    counts = queries.counts_by_state(rows)
    signer = queries.order_signer(owner_of(request))
    context = {
        "form": form,
        "lines": [{**endpoint_line(row), "counts": counts[row.id]} for row in rows],
        "signer": encode(PREFIX, signer.id) if signer else "",
        "secret": made.secret if made else None,
        "secret_is_for_orders": made.endpoint.is_for_orders if made else False,
        "page_help": _(
            "Kamao tells your system of every change by signed requests. "
            "The log shows each attempt, and everything can be sent again."
        ),
    }
    return merchant_page(request, "merchant/webhooks/endpoints.html", context, status=status)


def endpoint_line(row: Endpoint) -> dict[str, Any]:
    """Return an endpoint as a template shows it."""
    return {"row": row, "id": encode(PREFIX, row.id), "look": _LOOKS[EndpointState(row.state)]}


@console_page(KIND, permission=Permission.WEBHOOKS_MANAGE)
def webhook(request: ConsoleRequest, endpoint_id: str) -> HttpResponse:
    """Show one endpoint with its delivery log; a POST changes it."""
    if request.method != "POST":
        endpoint = logged_endpoint(request, endpoint_id)
        return _endpoint_page(request, endpoint, form=EndpointForm(endpoint=endpoint))
    endpoint = own_endpoint(request, endpoint_id)
    form = EndpointForm(request.POST, endpoint=endpoint)
    if not form.is_valid():
        return _endpoint_page(request, endpoint, form=form, status=422)
    try:
        endpoint = operations.update_endpoint(
            owner_of(request),
            endpoint.id,
            **form.cleaned_data,
            actor=actor_of(request),
            guard=guard(),
            at=timezone.now(),
        )
    except Refusal as refusal:
        form.add_error("url", message_of(refusal))
        return _endpoint_page(request, endpoint, form=form, status=refusal.status)
    return _endpoint_page(request, endpoint, form=EndpointForm(endpoint=endpoint))


def _endpoint_page(
    request: ConsoleRequest, endpoint: Endpoint, *, form: EndpointForm, status: int = 200
) -> HttpResponse:
    state, kind = request.GET.get("state", ""), request.GET.get("type", "")
    found = queries.delivery_log(
        endpoint,
        state=state if state in DeliveryState.values else "",
        event_type=kind if kind in NAMES else "",
        before=decode("dlv", request.GET.get("before", "")),
        limit=_LOG_PAGE + 1,
    )
    context = {
        **endpoint_line(endpoint),
        "form": form,
        "deliveries": [delivery_line(row) for row in found[:_LOG_PAGE]],
        "older": encode("dlv", found[_LOG_PAGE - 1].id) if len(found) > _LOG_PAGE else "",
        "states": DeliveryState.choices,
        "kinds": [event.name for event in EVENT_TYPES if event.is_raised],
        "is_filtered": bool(state or kind),
        "replayable": queries.replayable_count(endpoint, at=timezone.now()),
    }
    return merchant_page(request, "merchant/webhooks/endpoint.html", context, status=status)


def delivery_line(row: Delivery) -> dict[str, Any]:
    """Return a delivery as a template shows it."""
    return {
        "row": row,
        "id": encode("dlv", row.id),
        "event": encode("evt", row.message_id),
        "look": _LOOKS[DeliveryState(row.state)],
        "outcome": _OUTCOMES.get(row.last_outcome, row.last_outcome),
    }


@console_page(KIND, permission=Permission.WEBHOOKS_MANAGE)
def webhook_delivery(request: ConsoleRequest, endpoint_id: str, delivery_id: str) -> HttpResponse:
    """Show one delivery: the body as sent and every attempt."""
    endpoint = logged_endpoint(request, endpoint_id)
    found = own_delivery(endpoint, delivery_id)
    attempts = [
        {"row": row, "outcome": _OUTCOMES.get(row.outcome, row.outcome)} for row in queries.attempts_of(found)
    ]
    body = json.dumps(msgspec.json.decode(found.message.body), ensure_ascii=False, indent=2)
    context = {
        **delivery_line(found),
        "endpoint": endpoint_line(endpoint),
        "attempts": attempts,
        "attempts_max": ATTEMPTS_MAX,
        "body": body,
    }
    return merchant_page(request, "merchant/webhooks/delivery.html", context)
