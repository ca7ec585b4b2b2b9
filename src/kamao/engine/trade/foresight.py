"""A batch decided by memory: no question to the database before the transaction that writes it.

Owns which orders are plain enough: known merchants with money enough, known prices, codes on the shelf, and
nothing in common with an order before them that is not plain. Refuses nobody: whatever would be refused, or
repeats an earlier batch's reference, is left to those who read.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from psycopg.errors import CheckViolation, SerializationFailure, UniqueViolation

from kamao.engine.arrays import bigints, ids
from kamao.engine.burst import Burst, Flight
from kamao.engine.ledger.journal import Journal
from kamao.engine.pool import Connection
from kamao.engine.stock.types import Allocated
from kamao.engine.trade.ahead import Ahead
from kamao.engine.trade.decisions import Decider
from kamao.engine.trade.drafts import Draft, view_of, write_drafts
from kamao.engine.trade.rules import content_of
from kamao.engine.trade.tools import TradeTools
from kamao.engine.trade.types import OrderRequest, SubmitResult

_OVERTAKEN: Final = frozenset({"ck_ledger_account_floor", "pk_trade_reference"})
"""Constraints that tell that a neighbour changed what was decided on."""


def is_overtaken(error: BaseException) -> bool:
    """Tell whether a batch failed because what it was decided on has changed: then it is decided again."""
    if isinstance(error, CheckViolation | UniqueViolation):
        return error.diag.constraint_name in _OVERTAKEN
    return isinstance(error, SerializationFailure)


class _Unsure(Exception):
    """Only reading tells."""


def _is_bare(request: OrderRequest) -> bool:
    """Tell whether a request brings nothing that its price or its target is judged by."""
    return (
        request.max_unit_price_e4 is None
        and request.max_amount_minor is None
        and request.target_json is None
        and request.retail_unit_price_e4 is None
    )


class _Remembered:
    """The shelves as the stock of one batch."""

    def __init__(self, tools: TradeTools, at: datetime) -> None:
        self._shelves = tools.memory.shelves
        self._at = at
        self.touched: dict[int, UUID] = {}
        """Offers that were sold from, by number."""

    def has(self, offer: UUID, quantity: int) -> bool:
        if self._shelves.left(offer, self._at) < quantity:
            raise _Unsure
        return True

    def take(self, offer: UUID, count: int) -> list[Allocated]:
        self.touched[offer.int] = offer
        return self._shelves.take(offer, count)


class ByMemory:
    """One batch. ``decide`` while it is the caller's turn; where that is true, ``launch`` in the same turn,
    and ``results`` after the landing. When anything fails after ``decide`` began: ``doubt``.
    """

    def __init__(
        self, connection: Connection, requests: Sequence[OrderRequest], *, at: datetime, tools: TradeTools
    ) -> None:
        self._connection = connection
        self._requests = requests
        self._at = at
        self._tools = tools
        self._journal = Journal(at=at, ids=tools.ids)
        self._stock = _Remembered(tools, at)
        self._decider = Decider(tools=tools, journal=self._journal, stock=self._stock, at=at)
        self._outcomes: dict[int, Draft | UUID] = {}

    @property
    def places(self) -> list[int]:
        """Places of the orders that were decided, in order."""
        return list(self._outcomes)

    def decide(self) -> bool:
        """Decide what is plain; false where nothing is."""
        memory, book = self._tools.memory, self._tools.book
        if memory.epoch != book.epoch:
            return False
        if book.advance(self._at):
            memory.plans.clear()
        waiting: set[int | str] = set()
        orders = self._tools.ids.many(len(self._requests))
        for place, (request, order) in enumerate(zip(self._requests, orders, strict=True)):
            merchant, sku = request.merchant.int, request.sku
            if (waiting and (merchant in waiting or sku in waiting)) or not self._is_plain(
                place, request, order
            ):
                waiting.add(merchant)
                waiting.add(sku)
        memory.use(self._decider.known)
        return bool(self._outcomes)

    def _is_plain(self, place: int, request: OrderRequest, order: UUID) -> bool:
        """Decide one order; false, with nothing taken, where it would be refused or only reading tells."""
        decider, number = self._decider, request.merchant.int
        if number not in decider.merchants:
            known = self._tools.memory.merchants.get(number)
            if known is None:
                return False
            self._journal.adopt(known.wallets)
            decider.merchants[number] = (known.level, known.status)
        memory, key = self._tools.memory, (number, request.sku, request.quantity)
        if memory.has_used(number, request.reference):
            return False
        content = self._tools.keyring.content_digest(content_of(request))
        plan = memory.plans.get(key)
        outcome: str | Draft | UUID
        try:
            if plan is not None and _is_bare(request) and (number, request.reference) not in decider.known:
                outcome = decider.follow(plan, request, content, order)
            elif self._tools.book.knows(request.merchant, request.sku):
                outcome = decider.decide(request, content, order)
            else:
                return False
        except _Unsure:
            return False
        if isinstance(outcome, str):
            return False
        if plan is None and isinstance(outcome, Draft) and outcome.plan.amount_minor and _is_bare(request):
            memory.keep_plan(key, outcome.plan)
        self._outcomes[place] = outcome
        return True

    def launch(self) -> Flight:
        """Send the writes, to be committed in the same round trip. ``results`` when the flight has landed;
        what it raises: SerializationFailure where prices, stock or a code are not as remembered,
        UniqueViolation where a reference exists, CheckViolation where a wallet does not suffice.
        """
        tools, shelves = self._tools, self._tools.memory.shelves
        burst = Burst(self._connection)
        offers, epochs = shelves.epochs(self._stock.touched)
        burst.add("trade/insist", bigints([tools.book.epoch]), ids(offers), bigints(epochs))
        burst.depart()
        try:
            write_drafts(burst, self._decider.drafts, journal=self._journal, at=self._at, tools=tools)
            self._ahead = Ahead(burst, shelves.wishes(self._stock.touched))
        except BaseException:
            burst.abandon()
            raise
        flight = burst.launch(commit=True)
        assert flight is not None, "there is something to insist on"
        return flight

    def results(self) -> dict[int, SubmitResult]:
        """Return the results by place, after the flight has landed."""
        tools = self._tools
        self._ahead.note(tools, at=self._at)
        tools.memory.was_right()
        drafts = {draft.order: draft for draft in self._decider.drafts} if self._has_repeats() else {}
        results = {}
        for place, outcome in self._outcomes.items():
            if isinstance(outcome, Draft):
                results[place] = SubmitResult("created", view_of(outcome, at=self._at, tools=tools))
            else:
                view = view_of(drafts[outcome], at=self._at, tools=tools)
                results[place] = SubmitResult("repeated", view)
        return results

    def _has_repeats(self) -> bool:
        return len(self._decider.drafts) < len(self._outcomes)

    def doubt(self, *, overtaken: bool) -> None:
        """Nothing was written: what is remembered of these merchants and offers does not count."""
        self._tools.memory.note_doubt(
            merchants=list(self._decider.merchants),
            offers=list(self._stock.touched),
            overtaken_at=self._at if overtaken else None,
        )
