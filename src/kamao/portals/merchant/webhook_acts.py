"""What the merchant does with its webhooks: switch, rotate, remove, send again. Every act is one POST.

Refuses other merchants' endpoints with 404; nothing here shows an old secret.
"""

from __future__ import annotations

from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from kamao.business.identity.permissions import Permission
from kamao.business.keyring import node_keyring
from kamao.business.webhooks import operations
from kamao.business.webhooks.models import EndpointState
from kamao.portals.accounts.acting import actor_of
from kamao.portals.accounts.pages import ConsoleRequest, console_page, say
from kamao.portals.merchant.frame import KIND
from kamao.portals.merchant.webhooks import (
    EndpointForm,
    endpoints_page,
    guard,
    logged_endpoint,
    own_delivery,
    own_endpoint,
    owner_of,
)


def _back(endpoint_id: str) -> HttpResponse:
    return HttpResponseRedirect(reverse("merchant:webhook", args=[endpoint_id]))


@require_POST
@console_page(KIND, permission=Permission.WEBHOOKS_MANAGE)
def switch(request: ConsoleRequest, endpoint_id: str) -> HttpResponse:
    """Switch an endpoint on or off; what waits is kept."""
    endpoint = own_endpoint(request, endpoint_id)
    is_enabled = endpoint.state != EndpointState.ENABLED
    operations.update_endpoint(
        owner_of(request),
        endpoint.id,
        is_enabled=is_enabled,
        actor=actor_of(request),
        guard=guard(),
        at=timezone.now(),
    )
    say(
        request,
        _("Switched on: what waited is sent now.") if is_enabled else _("Switched off: what waits is kept."),
    )
    return _back(endpoint_id)


@require_POST
@console_page(KIND, permission=Permission.WEBHOOKS_MANAGE)
def rotate(request: ConsoleRequest, endpoint_id: str) -> HttpResponse:
    """Give a new secret and show it; the old one signs beside it for a day."""
    endpoint = own_endpoint(request, endpoint_id)
    made = operations.rotate_secret(
        owner_of(request), endpoint.id, actor=actor_of(request), keyring=node_keyring(), at=timezone.now()
    )
    return endpoints_page(request, form=EndpointForm(), made=made)


@require_POST
@console_page(KIND, permission=Permission.WEBHOOKS_MANAGE)
def order_secret(request: ConsoleRequest) -> HttpResponse:
    """Give a new secret for the addresses that orders bring along (`notify_url`) and show it."""
    made = operations.reset_order_secret(
        owner_of(request), actor=actor_of(request), keyring=node_keyring(), at=timezone.now()
    )
    return endpoints_page(request, form=EndpointForm(), made=made)


@require_POST
@console_page(KIND, permission=Permission.WEBHOOKS_MANAGE)
def remove(request: ConsoleRequest, endpoint_id: str) -> HttpResponse:
    """Take an endpoint away."""
    endpoint = own_endpoint(request, endpoint_id)
    operations.remove_endpoint(owner_of(request), endpoint.id, actor=actor_of(request), at=timezone.now())
    say(request, _("The endpoint is removed; nothing more is sent to it."))
    return HttpResponseRedirect(reverse("merchant:webhooks"))


@require_POST
@console_page(KIND, permission=Permission.WEBHOOKS_MANAGE)
def replay(request: ConsoleRequest, endpoint_id: str) -> HttpResponse:
    """Send everything again that was given up in the last 30 days."""
    endpoint = own_endpoint(request, endpoint_id)
    count = operations.replay_exhausted(
        owner_of(request), endpoint.id, actor=actor_of(request), at=timezone.now()
    )
    say(
        request,
        ngettext("%(count)d event is sent again.", "%(count)d events are sent again.", count)
        % {"count": count},
    )
    return _back(endpoint_id)


@require_POST
@console_page(KIND, permission=Permission.WEBHOOKS_MANAGE)
def redeliver(request: ConsoleRequest, endpoint_id: str, delivery_id: str) -> HttpResponse:
    """Send one event again, under its own id."""
    endpoint = logged_endpoint(request, endpoint_id)
    delivery = own_delivery(endpoint, delivery_id)
    operations.redeliver_event(
        owner_of(request),
        delivery.message_id,
        endpoint_id=endpoint.id,
        actor=actor_of(request),
        at=timezone.now(),
    )
    say(request, _("The event is sent again, under the same id."))
    return HttpResponseRedirect(reverse("merchant:webhook_delivery", args=[endpoint_id, delivery_id]))
