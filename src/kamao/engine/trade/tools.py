"""What trade operations need besides a connection and the time. Made once per thread and cell, or shared by
threads that take turns (``trade.memory.Turn``).
"""

from collections.abc import Sequence
from typing import Protocol

from kamao.engine.cells import Cell
from kamao.engine.pricing.book import PriceBook
from kamao.engine.pricing.types import Offer
from kamao.engine.stock.hints import StockHints
from kamao.engine.trade.memory import Memory
from kamao.kernel.ids import IdSource, RandomIds
from kamao.kernel.sealing import Keyring


class Router(Protocol):
    """Chooses among offers of one SKU. Given offers cheapest first, returns them in the order to try."""

    def __call__(self, offers: Sequence[Offer]) -> Sequence[Offer]:
        """Return the offers in the order in which they are to be tried."""
        ...


def cheapest_first(offers: Sequence[Offer]) -> Sequence[Offer]:
    """Keep the order given: by price, then the older offer; stock decides among them at allocation."""
    return offers


class TradeTools:
    """Ids, keys, caches, memory and the router. ``hints`` may be shared by all threads of a process."""

    def __init__(
        self,
        *,
        ids: IdSource,
        keyring: Keyring,
        hints: StockHints | None = None,
        router: Router = cheapest_first,
    ) -> None:
        self.ids = ids
        self.keyring = keyring
        self.book = PriceBook()
        self.hints = hints or StockHints()
        self.memory = Memory()
        self.router = router
        self.lot_keys: dict[int, bytes] = {}
        """Wrapped keys by the lot's number."""


def make_tools(cell: Cell, keyring: Keyring, *, hints: StockHints | None = None) -> TradeTools:
    """Return tools with real ids of a cell."""
    return TradeTools(ids=RandomIds(cell.number), keyring=keyring, hints=hints)
