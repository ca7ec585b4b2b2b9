"""What people and programs may do with webhooks: make, change, rotate, switch off, remove, send again.

Owns the writes of endpoints and the rules about who sees them: an endpoint of another organisation or of the
other mode does not exist. Refuses to show a secret twice.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import msgspec
from django.db import connection, transaction
from django.db.models import QuerySet

from kamao.business.engine_bridge import cell_connection
from kamao.business.identity.audit import Actor, record
from kamao.business.webhooks import rules
from kamao.business.webhooks.event_types import NAMES, checked_filters
from kamao.business.webhooks.fan_out import order_endpoint, write_messages
from kamao.business.webhooks.guard import AddressGuard
from kamao.business.webhooks.models import Delivery, DeliveryState, Endpoint, EndpointState, Message
from kamao.business.webhooks.queries import Owner, endpoints_of, order_signer
from kamao.business.webhooks.signing import new_secret
from kamao.engine.trade.queries import event_by_id
from kamao.kernel.errors import Refusal, problem
from kamao.kernel.ids import new_uuid7
from kamao.kernel.sealing import Keyring

ENDPOINTS_MAX: Final = 16
"""Endpoints of one organisation and mode."""
OVERLAP_DEFAULT: Final = timedelta(hours=24)
OVERLAP_MAX: Final = timedelta(days=7)
DESCRIPTION_LENGTH_MAX: Final = 200

ENDPOINT_LIMIT = problem(
    "webhook_endpoint_limit", 409, title_zh="回调地址过多", title_en="Too many webhook endpoints",
    detail_zh="每个机构在每种环境下最多 16 个，请先删除不用的。",
    detail_en="An organisation has at most 16 per mode; remove one that is not used.",
)  # fmt: skip


class NewSecret(msgspec.Struct, frozen=True):
    """An endpoint with its secret in the clear: the only time it is told."""

    endpoint: Endpoint
    secret: str


def create_endpoint(
    owner: Owner,
    *,
    url: str,
    event_types: list[str],
    description: str = "",
    actor: Actor,
    keyring: Keyring,
    guard: AddressGuard,
    at: datetime,
) -> NewSecret:
    """Make an endpoint and its secret. Raises Refusal for a refused address, an unknown event or too many."""
    guard.check_url(url)
    filters = checked_filters(event_types)
    secret = new_secret()
    endpoint_id = new_uuid7()
    with transaction.atomic():
        _lock_owner(owner)
        count = endpoints_of(owner).count()
        if count >= ENDPOINTS_MAX:
            raise Refusal("webhook_endpoint_limit")
        endpoint = Endpoint.objects.create(
            id=endpoint_id,
            organisation_id=owner.organisation,
            cell=owner.cell.number,
            url=url,
            description=_checked_description(description),
            event_types=filters,
            secret_sealed=keyring.seal_text(endpoint_id, secret),
            created_at=at,
        )
        _audit("webhook_endpoint.create", endpoint, actor=actor, at=at)
    return NewSecret(endpoint, secret)


def update_endpoint(
    owner: Owner,
    endpoint_id: UUID,
    *,
    url: str | None = None,
    event_types: list[str] | None = None,
    description: str | None = None,
    is_enabled: bool | None = None,
    actor: Actor,
    guard: AddressGuard,
    at: datetime,
) -> Endpoint:
    """Change what is given and leave the rest. Switching on clears throttling and the reason it was off."""
    if url is not None:
        guard.check_url(url)
    filters = None if event_types is None else checked_filters(event_types)
    with transaction.atomic():
        endpoint = _locked(owner, endpoint_id)
        if url is not None and url != endpoint.url:
            endpoint.url = url
            _forget_health(endpoint)
        if filters is not None:
            endpoint.event_types = filters
        if description is not None:
            endpoint.description = _checked_description(description)
        if is_enabled is not None:
            _switch(endpoint, is_enabled=is_enabled, at=at)
        endpoint.save()
        _audit("webhook_endpoint.update", endpoint, actor=actor, at=at)
    return endpoint


def rotate_secret(
    owner: Owner,
    endpoint_id: UUID,
    *,
    overlap: timedelta = OVERLAP_DEFAULT,
    actor: Actor,
    keyring: Keyring,
    at: datetime,
) -> NewSecret:
    """Give a new secret; the old one signs beside it until ``overlap`` (at most 7 days) has passed.

    A second rotation within the overlap drops the oldest secret at once: there are never more than two.
    """
    if not timedelta(0) <= overlap <= OVERLAP_MAX:
        raise Refusal(
            "invalid", pointers=(("/overlap_s", "须在 0 到 604800 之间", "must be within 0 and 604800"),)
        )
    return _rotate(
        endpoints_of(owner).filter(id=endpoint_id), overlap=overlap, actor=actor, keyring=keyring, at=at
    )


def _rotate(
    found: QuerySet[Endpoint], *, overlap: timedelta, actor: Actor, keyring: Keyring, at: datetime
) -> NewSecret:
    secret = new_secret()
    with transaction.atomic():
        endpoint = _lock_one(found)
        endpoint.previous_secret_sealed = endpoint.secret_sealed if overlap else None
        endpoint.previous_secret_until = at + overlap if overlap else None
        endpoint.secret_sealed = keyring.seal_text(endpoint.id, secret)
        endpoint.save()
        _audit("webhook_endpoint.rotate", endpoint, actor=actor, at=at)
    return NewSecret(endpoint, secret)


def reset_order_secret(owner: Owner, *, actor: Actor, keyring: Keyring, at: datetime) -> NewSecret:
    """Give a new secret for the addresses that orders bring along (``notify_url``); the old one signs for 24
    h more.
    """
    with transaction.atomic(), cell_connection(owner.cell) as raw:
        endpoint_id = order_endpoint(raw, owner.organisation, cell=owner.cell, keyring=keyring, at=at)
    return _rotate(
        Endpoint.objects.filter(id=endpoint_id), overlap=OVERLAP_DEFAULT, actor=actor, keyring=keyring, at=at
    )


def remove_endpoint(owner: Owner, endpoint_id: UUID, *, actor: Actor, at: datetime) -> None:
    """Take an endpoint away. Its log ends with its messages; nothing more is sent to it."""
    with transaction.atomic():
        endpoint = _locked(owner, endpoint_id)
        endpoint.state = EndpointState.REMOVED
        endpoint.previous_secret_sealed = None
        endpoint.previous_secret_until = None
        endpoint.save()
        Delivery.objects.filter(endpoint=endpoint, state=DeliveryState.WAITING).update(
            state=DeliveryState.EXHAUSTED, settled_at=at
        )
        _audit("webhook_endpoint.remove", endpoint, actor=actor, at=at)


def redeliver_event(
    owner: Owner, event_id: UUID, *, endpoint_id: UUID | None = None, actor: Actor, at: datetime
) -> int:
    """Send one event again, under its own id, to one endpoint or to every one that is on; return to how many.

    Works also for an event that happened before there was an endpoint. The schedule starts anew.
    Raises Refusal ``event_not_found`` or ``webhook_endpoint_not_found``.
    """
    with transaction.atomic():
        if endpoint_id is None:
            endpoints = list(endpoints_of(owner).filter(state=EndpointState.ENABLED))
        else:
            endpoints = [_locked_for_repeat(owner, endpoint_id)]
        message = _message(owner, event_id)
        for endpoint in endpoints:
            if endpoint.is_for_orders:
                continue  # it has no address of its own: only what it was sent before can be repeated
            Delivery.objects.get_or_create(
                endpoint=endpoint, message=message, defaults={"next_attempt_at": at, "created_at": at}
            )
        again = Delivery.objects.filter(message=message, endpoint__in=endpoints)
        _restart(again, at=at)
        record(
            "webhook_event.redeliver",
            actor=actor,
            at=at,
            organisation=owner.organisation,
            object_kind="event",
            object_id=str(event_id),
            details={"endpoints": len(endpoints)},
        )
    return len(endpoints)


def replay_exhausted(owner: Owner, endpoint_id: UUID, *, actor: Actor, at: datetime) -> int:
    """Send again everything that was given up within the last 30 days; return how many deliveries."""
    with transaction.atomic():
        endpoint = _locked(owner, endpoint_id)
        given_up = Delivery.objects.filter(
            endpoint=endpoint,
            state=DeliveryState.EXHAUSTED,
            settled_at__gte=at - timedelta(days=rules.REPLAY_DAYS),
        )
        count = _restart(given_up, at=at)
        _audit("webhook_endpoint.replay", endpoint, actor=actor, at=at)
    return count


def _locked(owner: Owner, endpoint_id: UUID) -> Endpoint:
    return _lock_one(endpoints_of(owner).filter(id=endpoint_id))


def _locked_for_repeat(owner: Owner, endpoint_id: UUID) -> Endpoint:
    signer = order_signer(owner)
    if signer is not None and signer.id == endpoint_id:
        return _lock_one(Endpoint.objects.filter(id=endpoint_id))
    return _locked(owner, endpoint_id)


def _lock_one(found: QuerySet[Endpoint]) -> Endpoint:
    endpoint = found.select_for_update().first()
    if endpoint is None:
        raise Refusal("webhook_endpoint_not_found")
    return endpoint


def _lock_owner(owner: Owner) -> None:
    """Let endpoints of one owner be counted and made by one at a time."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))",
            [f"webhook_endpoints|{owner.organisation}|{owner.cell.number}"],
        )


def _switch(endpoint: Endpoint, *, is_enabled: bool, at: datetime) -> None:
    if is_enabled:
        endpoint.state, endpoint.disabled_reason, endpoint.disabled_at = EndpointState.ENABLED, "", None
        _forget_health(endpoint)
    elif endpoint.state == EndpointState.ENABLED:
        endpoint.state, endpoint.disabled_reason, endpoint.disabled_at = EndpointState.DISABLED, "owner", at


def _forget_health(endpoint: Endpoint) -> None:
    endpoint.throttles_in_row, endpoint.throttled_until, endpoint.failing_since = 0, None, None


def _checked_description(text: str) -> str:
    if len(text) > DESCRIPTION_LENGTH_MAX or not text.isprintable():
        raise Refusal(
            "invalid", pointers=(("/description", "最多 200 个可见字符", "at most 200 printable characters"),)
        )
    return text


def _message(owner: Owner, event_id: UUID) -> Message:
    """Find the message of an event; make it from the engine's event where nobody wanted it at the time."""
    found = Message.objects.filter(
        id=event_id, organisation_id=owner.organisation, cell=owner.cell.number
    ).first()
    if found is not None:
        return found
    with cell_connection(owner.cell) as engine:
        event = event_by_id(engine, event_id, organisation=owner.organisation)
        if event is None or event.type not in NAMES:
            raise Refusal("event_not_found")
        write_messages(engine, [event], cell=owner.cell)
    return Message.objects.get(id=event_id)


def _restart(deliveries: QuerySet[Delivery], *, at: datetime) -> int:
    """Put deliveries at the start of their schedule; one that is being sent right now is left alone."""
    return deliveries.exclude(state=DeliveryState.SENDING).update(
        state=DeliveryState.WAITING, attempts_made=0, next_attempt_at=at, resume_at=None, settled_at=None
    )


def _audit(act: str, endpoint: Endpoint, *, actor: Actor, at: datetime) -> None:
    record(
        act,
        actor=actor,
        at=at,
        organisation=endpoint.organisation_id,
        object_kind="webhook_endpoint",
        object_id=str(endpoint.id),
        details={"url": endpoint.url, "state": endpoint.state},
    )
