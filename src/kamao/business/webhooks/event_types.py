"""The kinds of event that the node tells the world: one registry, from which documentation and forms are
made.

Owns names and descriptions in both languages. Refuses a filter that names no event. A kind is never renamed
and never reused; fields of its data are only added.
"""

from typing import Final

import msgspec

from kamao.kernel.errors import Refusal


class EventType(msgspec.Struct, frozen=True):
    """One kind of event: when it is told, and what its ``data`` holds."""

    name: str
    zh: str
    en: str
    data: str
    """Names of the fields in ``data``."""
    is_raised: bool = True
    """False: the name is reserved and may be filtered for, but nothing raises it yet."""


_ORDER: Final = (
    "id reference sku quantity state amount currency delivered_quantity refunded_amount units_refunded"
    " channel_order_no reason"
)

EVENT_TYPES: Final[tuple[EventType, ...]] = (
    EventType("order.delivered", "订单已交付", "An order's goods are there", _ORDER),
    EventType(
        "order.failed", "订单失败，预存款已退回", "An order failed; the wallet has its money back", _ORDER
    ),
    EventType(
        "order.in_doubt",
        "上游结果未知，正在核实",
        "The outcome upstream is unknown and being checked",
        _ORDER,
        is_raised=False,
    ),
    EventType("order.cancelled", "订单已取消", "An order was cancelled", _ORDER),
    EventType("order.refunded", "订单已退款（全部或部分）", "Units of an order were refunded", _ORDER),
    EventType("order.settled", "订单已结算", "An order's money was settled", _ORDER),
    EventType(
        "dispute.opened", "发起售后纠纷", "A dispute was opened", "id order state reason", is_raised=False
    ),
    EventType(
        "dispute.answered",
        "售后纠纷有新回复",
        "A dispute has a new message",
        "id order state",
        is_raised=False,
    ),
    EventType(
        "dispute.decided",
        "售后纠纷已裁决",
        "A dispute was decided",
        "id order state outcome",
        is_raised=False,
    ),
    EventType(
        "price.changed",
        "进货价变动",
        "A wholesale price of yours changed",
        "sku price_decimal currency",
        is_raised=False,
    ),
    EventType("stock.low", "库存不足", "Stock of a SKU is running low", "sku stock", is_raised=False),
    EventType("stock.back", "恢复有货", "A SKU can be bought again", "sku stock", is_raised=False),
    EventType(
        "listing.hidden", "商品自动下架", "A listing was hidden by a rule", "id sku reason", is_raised=False
    ),
    EventType(
        "wallet.low",
        "预存款余额不足",
        "The wallet fell below its warning line",
        "balance currency",
        is_raised=False,
    ),
    EventType("payout.sent", "提现已发出", "A payout was sent", "id amount currency state", is_raised=False),
    EventType("payout.done", "提现已到账", "A payout arrived", "id amount currency state", is_raised=False),
    EventType(
        "payout.refused",
        "提现被退回",
        "A payout was refused or bounced",
        "id amount currency state",
        is_raised=False,
    ),
    EventType(
        "supplier.suspended",
        "供应商被暂停",
        "A supplier of your listings was suspended",
        "id reason",
        is_raised=False,
    ),
)

NAMES: Final = frozenset(event.name for event in EVENT_TYPES)
_GROUPS: Final = frozenset(f"{name.partition('.')[0]}.*" for name in NAMES)


def checked_filters(filters: list[str]) -> list[str]:
    """Return event filters sorted and without repeats; an empty list wants everything.

    A filter is an event's name or a group such as ``order.*``. Raises Refusal ``invalid``.
    """
    for index, text in enumerate(filters):
        if text not in NAMES and text not in _GROUPS:
            raise Refusal(
                "invalid", pointers=((f"/events/{index}", "没有这种事件", "there is no such event"),)
            )
    return sorted(set(filters))


def is_wanted(event_type: str, filters: frozenset[str]) -> bool:
    """Tell whether an endpoint with these filters wants an event; no filter wants everything."""
    return not filters or event_type in filters or f"{event_type.partition('.')[0]}.*" in filters
