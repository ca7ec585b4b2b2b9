"""Webhook endpoints and events. Refuses to show an endpoint's secret twice."""

from datetime import timedelta
from typing import Annotated, Any, cast

from django.conf import settings
from litestar import Response, delete, get, post
from litestar.params import FromPath, JSONBody, QueryParameter

from kamao.api import public_ids
from kamao.api.contract.webhooks import (
    Endpoint,
    EndpointList,
    EndpointRequest,
    Event,
    EventList,
    Redelivery,
    RotateRequest,
)
from kamao.api.errors import missing
from kamao.api.http import ApiRequest
from kamao.api.idempotency import effect, json_response
from kamao.api.orders import encode_json
from kamao.api.pagination import (
    LIMIT_DEFAULT,
    Limit,
    after,
    before,
    cursor_of,
    page_of_queryset,
)
from kamao.business.webhooks import operations
from kamao.business.webhooks.bodies import event_body
from kamao.business.webhooks.event_types import NAMES
from kamao.business.webhooks.guard import AddressGuard
from kamao.business.webhooks.models import Endpoint as EndpointRow
from kamao.business.webhooks.models import EndpointState
from kamao.business.webhooks.queries import Owner, endpoints_of
from kamao.engine.trade.queries import event_by_id, list_events
from kamao.kernel import ids

_SCOPE = {"scope": "webhooks:write"}


def _owner(request: ApiRequest) -> Owner:
    return Owner(request.key.organisation, request.cell.cell)


def _shape(row: EndpointRow, secret: str | None = None) -> Endpoint:
    return Endpoint(
        ids.encode(public_ids.ENDPOINT, row.id),
        row.url,
        list(row.event_types),
        row.description,
        row.state == EndpointState.ENABLED,
        row.disabled_reason or None,
        row.created_at,
        secret,
    )


def _without_secret(endpoint: Any) -> Any:
    return Endpoint(
        endpoint.id, endpoint.url, endpoint.events, endpoint.description, endpoint.enabled,
        endpoint.disabled_reason, endpoint.created_at,
    )  # fmt: skip


@get("/webhook-endpoints", opt=_SCOPE, operation_id="listWebhookEndpoints", tags=["webhooks"])
async def list_endpoints(
    request: ApiRequest,
    limit: Limit = LIMIT_DEFAULT,
    starting_after: Annotated[str | None, after(public_ids.ENDPOINT)] = None,
    ending_before: Annotated[str | None, before(public_ids.ENDPOINT)] = None,
) -> Response[EndpointList]:
    """List your endpoints, newest first, without their secrets."""
    cursor = cursor_of(
        public_ids.ENDPOINT, limit=limit, starting_after=starting_after, ending_before=ending_before
    )
    page, has_more = await request.run(
        lambda: page_of_queryset(endpoints_of(_owner(request)).exclude(url=""), cursor, shape=_shape)
    )
    return json_response(encode_json(EndpointList(page, has_more)))


@post(
    "/webhook-endpoints", status_code=201, opt=_SCOPE, operation_id="createWebhookEndpoint", tags=["webhooks"]
)
async def create_endpoint(request: ApiRequest, data: JSONBody[EndpointRequest]) -> Response[Endpoint]:
    """Add an endpoint. The answer holds its signing secret: it is shown this once."""

    def work() -> Endpoint:
        made = operations.create_endpoint(
            _owner(request),
            url=data.url,
            event_types=list(data.events),
            description=data.description,
            actor=request.actor,
            keyring=request.services.keyring,
            guard=AddressGuard(allow_loopback=settings.KAMAO_ALLOW_LOOPBACK),
            at=request.services.clock.now(),
        )
        return _shape(made.endpoint, made.secret)

    return await effect(request, work, kept=_without_secret)


@post(
    "/webhook-endpoints/{endpoint_id:str}/rotate",
    status_code=200, opt=_SCOPE, operation_id="rotateWebhookSecret", tags=["webhooks"],
)  # fmt: skip
async def rotate_endpoint(
    request: ApiRequest, endpoint_id: FromPath[str], data: JSONBody[RotateRequest | None] = None
) -> Response[Endpoint]:
    """Give an endpoint a new secret; the old one signs beside it for a while."""
    endpoint = public_ids.read_id(public_ids.ENDPOINT, endpoint_id, thing="webhook_endpoint")
    asked = data or RotateRequest()

    def work() -> Endpoint:
        made = operations.rotate_secret(
            _owner(request),
            endpoint,
            overlap=timedelta(seconds=asked.overlap_s),
            actor=request.actor,
            keyring=request.services.keyring,
            at=request.services.clock.now(),
        )
        return _shape(made.endpoint, made.secret)

    return await effect(request, work, status=200, kept=_without_secret)


@delete(
    "/webhook-endpoints/{endpoint_id:str}",
    opt=_SCOPE,
    operation_id="deleteWebhookEndpoint",
    tags=["webhooks"],
)
async def delete_endpoint(request: ApiRequest, endpoint_id: FromPath[str]) -> None:
    """Remove an endpoint; nothing more is sent to it."""
    endpoint = public_ids.read_id(public_ids.ENDPOINT, endpoint_id, thing="webhook_endpoint")
    await request.run(
        lambda: operations.remove_endpoint(
            _owner(request), endpoint, actor=request.actor, at=request.services.clock.now()
        )
    )


@get("/events", opt={**_SCOPE, "refusals": (404,)}, operation_id="listEvents", tags=["webhooks"])
async def list_own_events(
    request: ApiRequest,
    event_type: Annotated[
        str | None, QueryParameter(name="type", pattern=r"^[a-z_]{1,30}\.[a-z_]{1,30}\Z")
    ] = None,
    limit: Limit = LIMIT_DEFAULT,
    starting_after: Annotated[str | None, after(public_ids.EVENT)] = None,
    ending_before: Annotated[str | None, before(public_ids.EVENT)] = None,
) -> Response[EventList]:
    """List your events, newest first: what your endpoints were sent, or missed."""
    cursor = cursor_of(
        public_ids.EVENT, limit=limit, starting_after=starting_after, ending_before=ending_before
    )

    def read() -> EventList:
        organisation = request.key.organisation
        end = cursor.older_than or cursor.newer_than
        with request.cell.pool.transaction() as connection:
            seq = None
            if end is not None:
                found = event_by_id(connection, end, organisation=organisation)
                if found is None:
                    raise missing("event")
                seq = found.seq
            rows = list_events(
                connection,
                organisation=organisation,
                limit=limit + 1,
                after_seq=seq if cursor.newer_than is not None else None,
                before_seq=seq if cursor.older_than is not None else None,
                types=_told(event_type),
            )
        has_more, rows = len(rows) > limit, rows[:limit]
        if cursor.newer_than is not None:
            rows = rows[::-1]
        events = [event_body(row, livemode=request.cell.cell.livemode) for row in rows]
        # The webhooks' own struct has the same fields, so that both are one JSON.
        return EventList(cast("list[Event]", events), has_more)

    return json_response(encode_json(await request.run(read)))


def _told(event_type: str | None) -> list[str]:
    """Return the kinds to list: internal events are nobody's business, and an unknown name finds nothing."""
    return [name for name in sorted(NAMES) if event_type in {None, name}] or ["none"]


@post(
    "/events/{event_id:str}/redeliver",
    status_code=202,
    opt=_SCOPE,
    operation_id="redeliverEvent",
    tags=["webhooks"],
)
async def redeliver_event(request: ApiRequest, event_id: FromPath[str]) -> Response[Redelivery]:
    """Send an event again, under its own id, to every endpoint that is on."""
    event = public_ids.read_id(public_ids.EVENT, event_id, thing="event")
    at = request.services.clock.now()
    return await effect(
        request,
        lambda: Redelivery(operations.redeliver_event(_owner(request), event, actor=request.actor, at=at)),
        status=202,
    )
