"""What webhooks there are and what became of them. Reads only; owns the view of one owner.

Refuses other owners' rows: every query starts from an organisation and a cell.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import msgspec
from django.db.models import Count, QuerySet

from kamao.business.webhooks import rules
from kamao.business.webhooks.models import Attempt, Delivery, DeliveryState, Endpoint, EndpointState
from kamao.engine.cells import Cell
from kamao.kernel.errors import PROBLEMS, Refusal, problem

LOG_PAGE_DEFAULT: Final = 50

ENDPOINT_NOT_FOUND = PROBLEMS.get("webhook_endpoint_not_found") or problem(
    "webhook_endpoint_not_found", 404, title_zh="没有这个回调地址", title_en="Webhook endpoint not found",
    detail_zh="请检查回调地址编号，以及密钥属于正式还是测试环境。",
    detail_en="Check the endpoint's id, and whether the key is a live or a test key.",
)  # fmt: skip
EVENT_NOT_FOUND = PROBLEMS.get("event_not_found") or problem(
    "event_not_found", 404, title_zh="没有这个事件", title_en="Event not found",
    detail_zh="请检查事件编号；事件保留约 30 天。",
    detail_en="Check the event's id; events are kept for about 30 days.",
)  # fmt: skip


class Owner(msgspec.Struct, frozen=True):
    """Whose webhooks: an organisation in one cell (live or test)."""

    organisation: UUID
    cell: Cell


def endpoints_of(owner: Owner) -> QuerySet[Endpoint]:
    """The owner's endpoints, newest first, without removed ones and without the signer for orders."""
    return (
        Endpoint.objects.filter(
            organisation_id=owner.organisation, cell=owner.cell.number, is_for_orders=False
        )
        .exclude(state=EndpointState.REMOVED)
        .order_by("-id")
    )


def find_endpoint(owner: Owner, endpoint_id: UUID) -> Endpoint:
    """Return an endpoint of this owner. Raises Refusal ``webhook_endpoint_not_found``."""
    endpoint = endpoints_of(owner).filter(id=endpoint_id).first()
    if endpoint is None:
        raise Refusal("webhook_endpoint_not_found")
    return endpoint


def order_signer(owner: Owner) -> Endpoint | None:
    """Return the endpoint that signs for the addresses orders bring along, None where no order ever did."""
    return Endpoint.objects.filter(
        organisation_id=owner.organisation, cell=owner.cell.number, is_for_orders=True
    ).first()


def delivery_log(
    endpoint: Endpoint,
    *,
    state: str = "",
    event_type: str = "",
    before: UUID | None = None,
    limit: int = LOG_PAGE_DEFAULT,
) -> list[Delivery]:
    """Deliveries of an endpoint with their messages, newest first, below the id ``before``."""
    found = Delivery.objects.filter(endpoint=endpoint).select_related("message").order_by("-id")
    if state:
        found = found.filter(state=state)
    if event_type:
        found = found.filter(message__event_type=event_type)
    if before is not None:
        found = found.filter(id__lt=before)
    return list(found[:limit])


def find_delivery(endpoint: Endpoint, delivery_id: UUID) -> Delivery:
    """Return one delivery of an endpoint. Raises Refusal ``event_not_found``."""
    found = Delivery.objects.filter(endpoint=endpoint, id=delivery_id).select_related("message").first()
    if found is None:
        raise Refusal("event_not_found")
    return found


def attempts_of(delivery: Delivery) -> list[Attempt]:
    """The log lines of one delivery, oldest first."""
    return list(Attempt.objects.filter(delivery=delivery).order_by("id"))


def replayable_count(endpoint: Endpoint, *, at: datetime) -> int:
    """How many deliveries were given up and can still be sent again."""
    return Delivery.objects.filter(
        endpoint=endpoint,
        state=DeliveryState.EXHAUSTED,
        settled_at__gte=at - timedelta(days=rules.REPLAY_DAYS),
    ).count()


def counts_by_state(endpoints: list[Endpoint]) -> dict[UUID, dict[str, int]]:
    """How many deliveries each endpoint has per state, delivered ones left out: those may be many."""
    rows = (
        Delivery.objects.filter(endpoint__in=endpoints)
        .exclude(state=DeliveryState.DELIVERED)
        .values("endpoint_id", "state")
        .annotate(count=Count("id"))
        .order_by()
    )
    counts: dict[UUID, dict[str, int]] = {endpoint.id: {} for endpoint in endpoints}
    for row in rows:
        counts[row["endpoint_id"]][row["state"]] = row["count"]
    return counts
