"""What a process remembers of a cell between batches: merchants with their wallets, and the next free codes.

With it a plain order is decided without asking the database anything, and the transaction that writes it
makes the database insist on all that was assumed: the epochs of prices and stock, the floor of the wallet,
that the reference is new and every code still free. Whatever is not so is decided again by reading. Owns when
to rely on the memory and when to pause. Refuses to be a truth: losing all of it costs time and nothing else.

One thread at a time decides with a memory (the holder of the caller's ``Turn``); what other threads learn
from their answers they leave as notes, which the next holder reads first.
"""

from collections import deque
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Final, NamedTuple, Protocol

from kamao.engine.ledger.journal import FlooredAccount
from kamao.engine.stock.shelves import ReadAhead, Shelves
from kamao.engine.stock.types import Allocated
from kamao.engine.trade.plans import Plan

_MERCHANTS_MAX: Final = 50_000
_PLANS_MAX: Final = 100_000
_REFERENCES_MAX: Final = 20_000
_PAUSE_MIN: Final = timedelta(milliseconds=20)
_PAUSE_MAX: Final = timedelta(seconds=2)


class Turn(Protocol):
    """The right to decide. ``take`` waits for it, ``give`` passes it on; either may be called twice."""

    def take(self) -> None:
        """Wait until nobody else decides."""
        ...

    def give(self) -> None:
        """Let the next one decide."""
        ...


class Alone:
    """The turn of a caller whose tools nobody else uses."""

    def take(self) -> None:
        """Nobody to wait for."""

    def give(self) -> None:
        """Nobody waits."""


class KnownMerchant(NamedTuple):
    """A merchant's terms and wallets as they were read, the balances carried on since."""

    level: int
    status: str
    wallets: list[FlooredAccount]


class _Read(NamedTuple):
    wish: ReadAhead
    epoch: int
    codes: Sequence[Allocated]


class _Doubt(NamedTuple):
    merchants: Iterable[int]
    offers: Iterable[int]
    overtaken_at: datetime | None


class Memory:
    """The memory of one process and cell."""

    def __init__(self) -> None:
        self.shelves = Shelves()
        self.merchants: dict[int, KnownMerchant] = {}
        """By the merchant's number."""
        self.plans: dict[tuple[int, str, int], Plan] = {}
        """By the merchant's number, the SKU's code and the quantity."""
        self._references: set[tuple[int, str]] = set()
        self._older_references: set[tuple[int, str]] = set()
        self.epoch = -1
        """The epoch of prices under which the merchants were read."""
        self._notes: deque[_Read | _Doubt] = deque()
        self._pause = _PAUSE_MIN
        self._paused_until: datetime | None = None

    def is_reliable(self, at: datetime) -> bool:
        """Tell whether to decide by memory now: not for a while after it was wrong, and longer each time."""
        self._read_notes()
        if self._paused_until is None:
            return True
        if at < self._paused_until:
            return False
        self._paused_until = None
        return True

    def learn(self, epoch: int, merchants: Iterable[tuple[int, str, FlooredAccount]]) -> None:
        """Take over merchants just read under an epoch of prices: (level, status, wallet) each."""
        if epoch != self.epoch or len(self.merchants) > _MERCHANTS_MAX:
            # Whoever changes a merchant's terms raises the epoch.
            self.merchants.clear()
            self.plans.clear()
            self.epoch = epoch
        read: dict[int, KnownMerchant] = {}
        for level, status, account in merchants:
            if account.owner is not None:
                read.setdefault(account.owner.int, KnownMerchant(level, status, [])).wallets.append(account)
        self.merchants.update(read)

    def has_used(self, merchant: int, reference: str) -> bool:
        """Tell whether this process has lately tried to place an order under a reference: then only reading
        tells what became of it. Most repeats come soon.
        """
        key = (merchant, reference)
        return key in self._references or key in self._older_references

    def use(self, references: Iterable[tuple[int, str]]) -> None:
        """Remember references under which orders are being placed."""
        if len(self._references) >= _REFERENCES_MAX:
            self._older_references, self._references = self._references, set()
        self._references.update(references)

    def keep_plan(self, key: tuple[int, str, int], plan: Plan) -> None:
        """Remember what an order comes to."""
        if len(self.plans) >= _PLANS_MAX:
            self.plans.clear()
        self.plans[key] = plan

    def was_right(self) -> None:
        """A batch decided by memory was written as it was."""
        self._pause = max(self._pause / 2, _PAUSE_MIN)

    def note_read(self, wish: ReadAhead, epoch: int, codes: Sequence[Allocated]) -> None:
        """Leave codes that were read ahead; any thread."""
        self._notes.append(_Read(wish, epoch, codes))

    def note_doubt(
        self, *, merchants: Iterable[int], offers: Iterable[int], overtaken_at: datetime | None
    ) -> None:
        """Leave word that a batch of these was not written, so that nothing remembered of them counts;
        ``overtaken_at`` is when the memory was wrong. Any thread.
        """
        self._notes.append(_Doubt(merchants, offers, overtaken_at))

    def _read_notes(self) -> None:
        notes = self._notes
        while notes:
            note = notes.popleft()
            if isinstance(note, _Read):
                self.shelves.put(*note)
                continue
            for merchant in note.merchants:
                self.merchants.pop(merchant, None)
            for offer in note.offers:
                self.shelves.drop(offer)
            if note.overtaken_at is not None:
                self._paused_until = note.overtaken_at + self._pause
                self._pause = min(self._pause * 2, _PAUSE_MAX)
