"""The engine's tools for business code on Django's connection: one set per thread and cell, hints shared per
process.

Refuses to be passed between threads: a price book serves one thread at a time.
"""

import threading
from typing import Final

from kamao.business.keyring import node_keyring
from kamao.engine.cells import Cell
from kamao.engine.stock.hints import StockHints
from kamao.engine.trade.tools import TradeTools, make_tools

_HINTS: Final[dict[int, StockHints]] = {}
_LOCK: Final = threading.Lock()
_local = threading.local()


def tools_for(cell: Cell) -> TradeTools:
    """Return this thread's tools for a cell; made anew when the key file was rotated."""
    keyring = node_keyring()
    held: dict[int, TradeTools] = _local.__dict__.setdefault("tools", {})
    tools = held.get(cell.number)
    if tools is None or tools.keyring is not keyring:
        with _LOCK:
            hints = _HINTS.setdefault(cell.number, StockHints())
        tools = held[cell.number] = make_tools(cell, keyring, hints=hints)
    return tools
