"""Where the goods of new orders come from: asking stock offer by offer, and planning attempts with suppliers.

Shared by prepaid orders, shop purchases and payments, so that all of them look for goods in the same way.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from kamao.engine.arrays import id_numbers, ids, smallints, texts
from kamao.engine.burst import Burst
from kamao.engine.pricing.types import Offer
from kamao.engine.stock.allocation import Allocator
from kamao.engine.trade.tools import TradeTools
from kamao.kernel.ids import IdSource


class Attempt(msgspec.Struct, frozen=True):
    """An attempt to be planned: which order, with whose offer, as which try."""

    order: UUID
    offer: UUID
    supplier: UUID
    fulfilment: str
    position: int = 1


def ranked_offers(tools: TradeTools, code: str, at: datetime) -> Sequence[Offer]:
    """Return a SKU's offers in the order to try them."""
    return tools.router(tools.book.offers(code, at))


def first_asks(tools: TradeTools, wanted: Mapping[str, int], *, at: datetime) -> dict[UUID, int]:
    """Return what ``ask_stock`` will ask first for SKUs that the book has, before it was opened.

    A guess: codes locked for an offer that turns out not to be wanted are simply not sold.
    """
    asks: dict[UUID, int] = {}
    for code, count in wanted.items():
        offer = next((each for each in ranked_offers(tools, code, at) if each.fulfilment == "stock"), None)
        if offer is not None:
            asks[offer.id] = count
    return asks


def ask_stock(allocator: Allocator, tools: TradeTools, wanted: Mapping[str, int], *, at: datetime) -> None:
    """Lock codes for the summed quantity of each SKU: the first offer is asked for all of it, the next ones
    only where those before came up short.
    """
    queues = {
        code: [offer for offer in ranked_offers(tools, code, at) if offer.fulfilment == "stock"]
        for code in wanted
    }
    while any(queues.values()):
        asks = {queue[0].id: wanted[code] for code, queue in queues.items() if queue}
        allocator.ask({offer: count for offer, count in asks.items() if not allocator.asked(offer)})
        queues = {
            code: queue[1:]
            for code, queue in queues.items()
            if len(queue) > 1 and allocator.left(queue[0].id) < wanted[code]
        }


def plan_attempts(burst: Burst, attempts: Sequence[Attempt], *, at: datetime, source: IdSource) -> None:
    """Let a burst write attempts that nobody has been asked for yet."""
    if attempts:
        burst.add(
            "trade/insert_attempts",
            id_numbers(source.numbers(len(attempts))),
            ids([item.order for item in attempts]),
            ids([item.offer for item in attempts]),
            ids([item.supplier for item in attempts]),
            smallints([item.position for item in attempts]),
            texts([item.fulfilment for item in attempts]),
            at=at,
        )
