"""Reading codes ahead of the orders, as part of a burst that writes anyway. Owns the question and the
notes.
"""

from collections.abc import Sequence
from datetime import datetime

from kamao.engine.arrays import ids, integers, moments
from kamao.engine.burst import Answer, Burst
from kamao.engine.stock.shelves import ReadAhead
from kamao.engine.stock.types import Allocated
from kamao.engine.trade.tools import TradeTools


class Ahead:
    """One question for the next codes of several offers; ``note`` once the burst was sent."""

    def __init__(self, burst: Burst, wishes: Sequence[ReadAhead]) -> None:
        self._wishes = wishes
        self._answer = Answer()
        if wishes:
            self._answer = burst.ask(
                "stock/read_ahead",
                ids([wish.offer for wish in wishes]),
                integers([wish.wanted for wish in wishes]),
                moments([wish.mark[0] for wish in wishes], never=True),
                ids([wish.mark[1] for wish in wishes]),
            )

    def note(self, tools: TradeTools, *, at: datetime) -> None:
        """Leave what came back for the next who decides; the marks of allocation follow."""
        found: dict[int, tuple[int, list[Allocated]]] = {}
        for offer, epoch, code, lot, expires_at, sealed, wrapped_key in self._answer.rows:
            codes = found.setdefault(offer.int, (epoch, []))[1]
            if code is not None:
                tools.lot_keys[lot.int] = wrapped_key
                codes.append(Allocated(code, lot, expires_at, sealed))
        for wish in self._wishes:
            epoch, codes = found.get(wish.offer.int, (0, []))
            tools.memory.note_read(wish, epoch, codes)
            tools.hints.advance(wish.offer, epoch, at, wish.sold)
