"""Orders: place, place many, read, list, cancel. Refuses to tell whether somebody else's order exists."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Response, get, post
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter

from kamao.api import public_ids
from kamao.api.contract.common import SKU_CODE, VISIBLE
from kamao.api.contract.orders import (
    REFERENCE,
    BatchAnswer,
    CancelRequest,
    Order,
    OrderBatchRequest,
    OrderList,
    OrderRequest,
    OrderState,
    Target,
)
from kamao.api.errors import ParameterRefusal, extra_headers, missing
from kamao.api.http import ApiRequest
from kamao.api.idempotency import effect, json_response
from kamao.api.order_answers import batch_renderer, single_renderer
from kamao.api.orders import (
    encode_sorted,
    engine_request,
    order_of,
    read_target,
    with_checked_target,
)
from kamao.api.pagination import LIMIT_DEFAULT, Limit, after, before, cursor_of
from kamao.business.engine_bridge import cell_connection
from kamao.engine.stock.operations import record_reveals
from kamao.engine.trade.private import target_hash
from kamao.engine.trade.queries import OrderFilter, list_orders, order_by_id
from kamao.engine.trade.refunds import cancel
from kamao.engine.trade.types import CancelRequest as CancelOrder
from kamao.kernel.errors import Refusal
from kamao.kernel.ids import RandomIds
from kamao.kernel.sealing import Keyring

_WRITE = {"scope": "orders:write"}
_PLACE = {**_WRITE, "by_reference": True}
_READ = {"scope": "orders:read"}
_target_decoder = msgspec.json.Decoder(Target)


@post(
    "/orders",
    status_code=201,
    opt={**_PLACE, "refusals": (402, 404, 409)},
    operation_id="createOrder",
    tags=["orders"],
)
async def create_order(request: ApiRequest, data: JSONBody[OrderRequest]) -> Response[Order]:
    """Place one order, paid from the wallet. The same reference with the same content gives 200 and the order
    as it is.
    """
    data = await with_checked_target(request.services, data)
    order = engine_request(data, request.key.organisation)
    request.check()
    render = single_renderer(
        keyring_for(request), language=request.language, request_id=request.request_id, target=data.target
    )
    status, body, refusal = await request.cell.batcher.submit(orders=[order], render=render)
    response = json_response(body, status)
    if refusal is not None:
        response.media_type = "application/problem+json"
        for name, value in extra_headers(refusal):
            response.headers[name.decode()] = value.decode()
    return response


@post("/orders/batch", status_code=200, opt=_PLACE, operation_id="createOrders", tags=["orders"])
async def create_orders(request: ApiRequest, data: JSONBody[OrderBatchRequest]) -> Response[BatchAnswer]:
    """Place up to 1000 orders. Each is answered by itself, in order; the call is idempotent by their
    references.
    """
    merchant = request.key.organisation
    checked = [
        await with_checked_target(request.services, order, pointer=f"/orders/{index}")
        for index, order in enumerate(data.orders)
    ]
    orders = [
        engine_request(order, merchant, pointer=f"/orders/{index}") for index, order in enumerate(checked)
    ]
    request.check()
    render = batch_renderer(
        checked, keyring_for(request), language=request.language, request_id=request.request_id
    )
    return json_response(await request.cell.batcher.submit(orders=orders, render=render))


@get("/orders/{order_id:str}", opt=_READ, operation_id="getOrder", tags=["orders"])
async def get_order(request: ApiRequest, order_id: FromPath[str]) -> Response[Order]:
    """Read one order. With ``codes:read`` its codes are shown, and that they were shown is recorded."""
    order = public_ids.read_id(public_ids.ORDER, order_id, thing="order")
    found = await request.run(lambda: _read(request, order, keyring_for(request)))
    return json_response(msgspec.json.encode(found))


@get("/orders", opt=_READ, operation_id="listOrders", tags=["orders"])
async def list_own_orders(
    request: ApiRequest,
    reference: Annotated[str | None, QueryParameter(pattern=REFERENCE)] = None,
    channel_order_no: Annotated[str | None, QueryParameter(max_length=64, pattern=VISIBLE)] = None,
    target: Annotated[
        str | None,
        QueryParameter(
            max_length=8192, description='The target as JSON, for example {"phone":"13800138000"}'
        ),
    ] = None,
    sku: Annotated[str | None, QueryParameter(pattern=SKU_CODE)] = None,
    order_state: Annotated[OrderState | None, QueryParameter(name="state")] = None,
    created_from: FromQuery[datetime | None] = None,
    created_until: FromQuery[datetime | None] = None,
    limit: Limit = LIMIT_DEFAULT,
    starting_after: Annotated[str | None, after(public_ids.ORDER)] = None,
    ending_before: Annotated[str | None, before(public_ids.ORDER)] = None,
) -> Response[OrderList]:
    """List orders, newest first, without their codes."""
    cursor = cursor_of(
        public_ids.ORDER, limit=limit, starting_after=starting_after, ending_before=ending_before
    )
    where = OrderFilter(
        merchant=request.key.organisation,
        reference=reference,
        channel_order_no=channel_order_no,
        target_hash=None if target is None else _target_hash(target, request.services.keyring),
        state=order_state,
        sku=sku,
        created_from=created_from,
        created_until=created_until,
    )

    def read() -> OrderList:
        with request.cell.pool.transaction() as connection:
            views, has_more = list_orders(
                connection, where, limit=cursor.limit,
                starting_after=cursor.older_than, ending_before=cursor.newer_than,
            )  # fmt: skip
        return OrderList([order_of(view, keyring=None, with_deliveries=False) for view in views], has_more)

    return json_response(msgspec.json.encode(await request.run(read)))


def keyring_for(request: ApiRequest) -> Keyring | None:
    """Return the keyring where the key may read codes."""
    return request.services.keyring if "codes:read" in request.key.scopes else None


def _read(request: ApiRequest, order: UUID, keyring: Keyring | None) -> Order:
    """Read an order; codes about to be shown leave their trace in the same transaction."""
    with request.cell.pool.transaction() as connection:
        view = order_by_id(connection, order, merchant=request.key.organisation, with_deliveries=True)
        if view is None:
            raise missing("order")
        shown = [each.item for each in view.deliveries if each.sealed is not None]
        if keyring is not None and shown:
            record_reveals(
                connection, shown, order=order, actor=f"api_key:{request.key.id}", reason="api",
                at=request.services.clock.now(), ids=RandomIds(request.key.cell),
            )  # fmt: skip
        target = read_target(connection, view, keyring=request.services.keyring)
    return order_of(view, keyring=keyring, target=target)


def _target_hash(text: str, keyring: Keyring) -> bytes:
    try:
        target = _target_decoder.decode(text)
    except (msgspec.DecodeError, UnicodeError) as error:
        raise ParameterRefusal(
            [
                (
                    "target",
                    "应为 JSON 对象，与下单时的 target 相同",
                    "Expected a JSON object, the same as in the order",
                )
            ]
        ) from error
    return target_hash(keyring, encode_sorted(target))


@post(
    "/orders/{order_id:str}/cancel", status_code=200, opt=_WRITE, operation_id="cancelOrder", tags=["orders"]
)
async def cancel_order(
    request: ApiRequest, order_id: FromPath[str], data: JSONBody[CancelRequest | None] = None
) -> Response[Order]:
    """Cancel an order that nobody has been asked to supply yet; the wallet has its money back at once."""
    order = public_ids.read_id(public_ids.ORDER, order_id, thing="order")
    reason = (data.reason if data else None) or "cancelled_by_merchant"

    def work() -> Order:
        asked = CancelOrder(request.key.organisation, order, f"api_key:{request.key.id}", reason)
        at = request.services.clock.now()
        with cell_connection(request.cell.cell) as connection:
            change = cancel(connection, [asked], at=at, ids=RandomIds(request.key.cell))[0]
            if change.outcome == "order_not_found":
                raise missing("order")
            if change.outcome == "state_conflict":
                raise Refusal("state_conflict")
            view = order_by_id(connection, order, merchant=request.key.organisation)
            assert view is not None, "the order was just changed"
            target = read_target(connection, view, keyring=request.services.keyring)
        return order_of(view, keyring=None, target=target)

    return await effect(request, work, status=200)
