"""Orders between the contract and the engine: requests in, outcomes and orders out.

Owns the translation and nothing else; both ways of placing orders (the lean handler and the framework's) use
it, so that they cannot differ. Refuses to open a sealed code for a key without ``codes:read``.
"""

import ipaddress
from functools import lru_cache
from typing import Final
from uuid import UUID

import msgspec

from kamao.api.contract.orders import (
    NO_METADATA,
    Delivery,
    Order,
    OrderBatchRequest,
    OrderRequest,
)
from kamao.api.services import Services
from kamao.api.targets import checked_target
from kamao.engine.pool import Connection
from kamao.engine.stock.opening import open_delivery
from kamao.engine.stock.types import Delivered
from kamao.engine.trade import types as engine
from kamao.engine.trade.private import open_private
from kamao.kernel import ids, money
from kamao.kernel.errors import Refusal
from kamao.kernel.limits import METADATA_BYTES_MAX, TARGET_BYTES_MAX
from kamao.kernel.sealing import Keyring

order_decoder: Final = msgspec.json.Decoder(OrderRequest)
batch_decoder: Final = msgspec.json.Decoder(OrderBatchRequest)
encode_json: Final = msgspec.json.Encoder().encode
# Sorted, so that a target repeated with its fields in another order is the same target.
encode_sorted: Final = msgspec.json.Encoder(order="sorted").encode

_PRIVATE: Final = "SELECT wrapped_key, sealed FROM trade_order_private WHERE order_id = %s"
_SUCCESS: Final = {"created": 201, "repeated": 200}


def engine_request(order: OrderRequest, merchant: UUID, *, pointer: str = "") -> engine.OrderRequest:
    """Return the engine's form of a request. Raises Refusal ``invalid`` for what no field rule can say."""
    target = metadata = None
    if order.target is not None:
        target = encode_sorted(order.target)
        if len(target) > TARGET_BYTES_MAX:
            raise _too_long(f"{pointer}/target", TARGET_BYTES_MAX)
    if order.metadata:
        metadata = encode_json(order.metadata)
        if len(metadata) > METADATA_BYTES_MAX:
            raise _too_long(f"{pointer}/metadata", METADATA_BYTES_MAX)
    return engine.OrderRequest(
        merchant,
        order.reference,
        order.sku,
        order.quantity,
        _rate(order.max_unit_price_decimal),
        order.max_amount,
        target,
        "api",
        order.sales_channel,
        _rate(order.retail_unit_price_decimal),
        order.channel_order_no,
        None if order.buyer_ip is None else _address(order.buyer_ip, f"{pointer}/buyer_ip"),
        order.notify_url,
        metadata,
    )


async def with_checked_target(services: Services, order: OrderRequest, *, pointer: str = "") -> OrderRequest:
    """Return the order with its target normalised by the SKU's form. Raises Refusal ``invalid`` per wrong
    field.
    """
    if order.target is None:
        return order
    target = await checked_target(services, order.sku, order.target, pointer=pointer)
    return order if target == order.target else msgspec.structs.replace(order, target=target)


def _rate(text: str | None) -> int | None:
    return None if text is None else money.parse_minor_decimal(text)


def _address(text: str, pointer: str) -> str:
    try:
        return str(ipaddress.ip_address(text))
    except ValueError as error:
        raise Refusal(
            "invalid", pointers=((pointer, "不是有效的 IP 地址", "This is no IP address"),)
        ) from error


def _too_long(pointer: str, bytes_max: int) -> Refusal:
    return Refusal(
        "invalid", pointers=((pointer, f"最多 {bytes_max} 字节", f"At most {bytes_max} bytes of JSON"),)
    )


def order_of(
    view: engine.OrderView,
    *,
    keyring: Keyring | None,
    with_deliveries: bool = True,
    target: dict[str, str] | None = None,
) -> Order:
    """Return an order as its merchant sees it; its codes are opened only where a keyring is given."""
    unit_price, unit_price_decimal = _prices(view.unit_price_e4, view.currency)
    return Order(
        ids.encode("ord", view.id),
        view.reference,
        view.sku,
        view.quantity,
        unit_price,
        unit_price_decimal,
        view.amount_minor,
        view.currency,
        view.state,  # type: ignore[arg-type]
        view.intake,
        view.sales_channel,
        view.channel_order_no,
        target,
        view.delivered_quantity,
        view.refunded_minor,
        view.units_refunded,
        [_delivery(each, keyring) for each in view.deliveries] if with_deliveries else None,
        None,
        view.message,
        view.created_at,
        view.delivered_at,
        view.settles_at,
        NO_METADATA if view.metadata_json is None else msgspec.Raw(view.metadata_json),
    )


def read_target(connection: Connection, view: engine.OrderView, *, keyring: Keyring) -> dict[str, str] | None:
    """Return the target that an order's merchant gave; None where there is none or it has been erased."""
    if not view.has_target:
        return None
    row = connection.execute(_PRIVATE, (view.id,)).fetchone()
    if row is None:
        return None
    found: dict[str, str] = msgspec.json.decode(open_private(keyring, view.id, row[0], row[1])[1])
    return found


@lru_cache(maxsize=8_192)
def _prices(unit_price_e4: int, currency: str) -> tuple[int, str]:
    return money.e4_to_minor(unit_price_e4, currency), money.minor_decimal(unit_price_e4, currency)


def _delivery(delivered: Delivered, keyring: Keyring | None) -> Delivery:
    item = ids.encode("itm", delivered.item)
    if delivered.sealed is None:
        return Delivery(delivered.kind, item, None, None, False, delivered.expires_at)
    if keyring is None:
        return Delivery(delivered.kind, item, None, None, True, delivered.expires_at)
    opened = open_delivery(keyring, delivered)
    return Delivery(delivered.kind, item, opened.number or None, opened.secret, True, delivered.expires_at)


def status_of(outcome: str) -> int:
    """Return the HTTP status of an item that was not refused."""
    return _SUCCESS[outcome]


def refusal_of(outcome: str) -> Refusal:
    """Return the refusal that a refused item's outcome stands for."""
    match outcome:
        case "busy":
            return Refusal("overloaded")
        case "merchant_suspended":
            return Refusal(
                "forbidden",
                zh="商户已停用，请联系平台。",
                en="This merchant is suspended; contact the operator.",
            )
        case "invalid_quantity":
            return _invalid(
                "/quantity", "数量不符合该商品的起购、限购或倍数", "The SKU is not sold in this quantity"
            )
        case "target_required":
            return _invalid("/target", "该商品需要充值账号", "This SKU needs a target")
        case _:
            return Refusal(outcome)


def _invalid(pointer: str, zh: str, en: str) -> Refusal:
    return Refusal("invalid", pointers=((pointer, zh, en),))
