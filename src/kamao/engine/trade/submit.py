"""Placing prepaid orders: the hot path. Owns its two ways, by memory and by reading, and the order of locks.

A batch gives exactly what its items one after another would give. What the process remembers (``memory``)
decides the plain orders first: one round trip writes them, and the database insists on everything that was
assumed. The rest, and all of it where the memory was wrong, is decided by reading: (1) lock or read the
merchants' wallets and the references; (2) lock candidate codes, each offer asked once with its summed
quantity; (3) decide in plain Python; (4) write set-based, the wallets last. Only orders that have neither
merchant nor SKU in common with one that waits may go before it, so the order of items still holds.

Wallets are locked from the last write to the commit only, so that batches of the same merchants run side by
side; what was decided on a balance or a reference that has changed meanwhile is refused by the database (the
floor, the key of references) and decided again with the wallets locked first, in id order. Refuses nothing by
exception: each item has an outcome, and a refused one writes nothing.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from psycopg.errors import DeadlockDetected, LockNotAvailable, SerializationFailure
from psycopg.pq import TransactionStatus

from kamao.engine.arrays import id_numbers, ids, texts
from kamao.engine.burst import Burst
from kamao.engine.ledger.journal import FlooredAccount, Journal
from kamao.engine.pool import Connection
from kamao.engine.stock.allocation import Allocator
from kamao.engine.trade.ahead import Ahead
from kamao.engine.trade.decisions import Decider
from kamao.engine.trade.drafts import Draft, load_lot_keys, view_of, write_drafts
from kamao.engine.trade.foresight import ByMemory, is_overtaken
from kamao.engine.trade.memory import Alone, Memory, Turn
from kamao.engine.trade.queries import read_orders
from kamao.engine.trade.rules import content_of
from kamao.engine.trade.supplying import ask_stock, first_asks
from kamao.engine.trade.tools import TradeTools
from kamao.engine.trade.types import OrderRequest, OrderView, SubmitResult
from kamao.kernel.limits import ORDER_QUANTITY_MAX

TRANSIENT: Final = (DeadlockDetected, LockNotAvailable, SerializationFailure)
"""What the owner of a connection rolls back and tries again."""
_ATTEMPTS_MAX: Final = 4
_ALONE: Final = Alone()


def submit(
    connection: Connection,
    requests: Sequence[OrderRequest],
    *,
    at: datetime,
    tools: TradeTools,
    turn: Turn = _ALONE,
) -> list[SubmitResult]:
    """Decide, write and commit a batch of orders in transactions of its own: one round trip by memory, two by
    reading.

    Outcomes are those of ``types.OUTCOMES``; codes come back sealed. ``turn`` is held while anything is
    decided, where others use the same tools, and given when the writes are on their way. Raises psycopg
    errors (lock time-outs, deadlocks) for the owner of the connection to roll back and try again; an
    OperationalError of a lost connection leaves the outcome unknown.
    """
    assert connection.info.transaction_status == TransactionStatus.IDLE, "submit owns its transaction"
    turn.take()
    done: dict[int, SubmitResult] = {}
    if tools.memory.is_reliable(at):
        done = _by_memory(connection, requests, at=at, tools=tools, turn=turn)
    rest = [place for place in range(len(requests)) if place not in done]
    if rest:
        try:
            read = _by_reading(
                connection, [requests[place] for place in rest], at=at, tools=tools, turn=turn
            )  # fmt: skip
        except TRANSIENT:
            if not done:
                raise
            # To try all again would call what is placed already repeated.
            connection.rollback()
            read = [SubmitResult("busy")] * len(rest)
        done.update(zip(rest, read, strict=True))
    return [done[place] for place in range(len(requests))]


def submit_within(
    connection: Connection, requests: Sequence[OrderRequest], *, at: datetime, tools: TradeTools
) -> list[SubmitResult]:
    """As ``submit``, but inside the caller's open transaction, with the wallets locked first; the caller
    commits and only then opens the codes. What the tools remember is not touched: nothing is certain yet.
    """
    batch = _Batch(connection, requests, at=at, tools=tools, memory=Memory(), locks_first=True)
    return batch.run(_ALONE, commit=False)


def _by_memory(
    connection: Connection, requests: Sequence[OrderRequest], *, at: datetime, tools: TradeTools, turn: Turn
) -> dict[int, SubmitResult]:
    """Place the orders that the memory decides; nothing where it was wrong."""
    batch = ByMemory(connection, requests, at=at, tools=tools)
    try:
        if not batch.decide():
            return {}
        batch.launch().wait(turn.give)
    except BaseException as error:  # an isolation point: whatever happened, what was remembered is in doubt
        overtaken = is_overtaken(error)
        batch.doubt(overtaken=overtaken)
        if not overtaken:
            raise
        connection.rollback()
        turn.take()
        return {}
    results = batch.results()
    if len(results) < len(requests):
        turn.take()
    return results


def _by_reading(
    connection: Connection, requests: Sequence[OrderRequest], *, at: datetime, tools: TradeTools, turn: Turn
) -> list[SubmitResult]:
    for attempt in range(_ATTEMPTS_MAX):
        batch = _Batch(
            connection, requests, at=at, tools=tools, memory=tools.memory, locks_first=attempt > 0
        )  # fmt: skip
        try:
            return batch.run(turn)
        except BaseException as error:  # an isolation point, as above
            batch.doubt()
            if not is_overtaken(error) or attempt == _ATTEMPTS_MAX - 1:
                raise
            connection.rollback()
            turn.take()
    raise AssertionError("the last attempt returns or raises")


class _Batch:
    """A batch decided by reading."""

    def __init__(
        self, connection: Connection, requests: Sequence[OrderRequest], *, at: datetime, tools: TradeTools,
        memory: Memory, locks_first: bool,
    ) -> None:  # fmt: skip
        self._connection = connection
        self._requests = requests
        self._at = at
        self._tools = tools
        self._memory = memory
        self._wallets = "trade/lock_wallets" if locks_first else "trade/read_wallets"
        self._journal = Journal(at=at, ids=tools.ids)
        self._allocator = Allocator(connection, tools.hints, at=at)
        self._decider = Decider(tools=tools, journal=self._journal, stock=self._allocator, at=at)

    def run(self, turn: Turn, *, commit: bool = True) -> list[SubmitResult]:
        digest = self._tools.keyring.content_digest
        contents = [digest(content_of(request)) for request in self._requests]
        self._open()
        ask_stock(self._allocator, self._tools, self._wanted(), at=self._at)
        orders = self._tools.ids.many(len(self._requests))
        outcomes = [
            self._decider.decide(request, content, order)
            for request, content, order in zip(self._requests, contents, orders, strict=True)
        ]
        drafts = self._decider.drafts
        stored = self._stored(outcomes)
        load_lot_keys(self._connection, [code.lot for draft in drafts for code in draft.codes], self._tools)
        sold = self._allocator.remember(self._memory.shelves)
        burst = Burst(self._connection)
        write_drafts(burst, drafts, journal=self._journal, at=self._at, tools=self._tools)
        ahead = Ahead(burst, self._memory.shelves.wishes(sold) if commit else ())
        burst.send(commit=commit, sent=turn.give)
        ahead.note(self._tools, at=self._at)
        self._allocator.settle_hints()
        return self._results(outcomes, stored)

    def doubt(self) -> None:
        """Nothing was written: what was remembered of these merchants and offers meanwhile does not count."""
        self._memory.note_doubt(
            merchants={request.merchant.int for request in self._requests},
            offers=self._allocator.offers,
            overtaken_at=None,
        )

    def _open(self) -> None:
        """Read wallets, then references and prices, and lock the codes that the book, as it was, leads to;
        all in one round trip.
        """
        requests = self._requests
        merchants = sorted({request.merchant.int for request in requests})
        burst = Burst(self._connection)
        wallets = burst.ask(self._wallets, id_numbers(merchants))
        references = burst.ask(
            "trade/read_references",
            ids([request.merchant for request in requests]),
            texts([request.reference for request in requests]),
        )
        guess = first_asks(self._tools, self._wanted(), at=self._at)
        asked = self._allocator.ask_with(burst, guess) if guess else None
        burst.send()
        known = self._decider.known
        for _, merchant, reference, order, content in references.rows:
            if merchant is not None:
                known[merchant.int, reference] = (order, content)
        read = [(row[7], row[8], FlooredAccount(*row[:7])) for row in wallets.rows]
        self._journal.adopt(account for _, _, account in read)
        for row in wallets.rows:
            self._decider.merchants[row[1].int] = (row[7], row[8])
        epoch = references.rows[0][0]
        self._tools.book.open(
            self._connection,
            epoch=epoch,
            pairs=[(request.merchant, request.sku) for request in requests],
            at=self._at,
        )
        self._memory.learn(epoch, read)
        if asked is not None:
            self._allocator.settle(asked)

    def _wanted(self) -> dict[str, int]:
        """Sum up the codes of each SKU that items not known as repeated may need."""
        book, known = self._tools.book, self._decider.known
        wanted: dict[str, int] = {}
        for request in self._requests:
            if not book.has(request.sku) or (request.merchant.int, request.reference) in known:
                continue
            sku = book.sku(request.sku)
            if sku is not None and sku.kind == "code" and 0 < request.quantity <= ORDER_QUANTITY_MAX:
                wanted[request.sku] = wanted.get(request.sku, 0) + request.quantity
        return wanted

    def _stored(self, outcomes: "Iterable[str | Draft | UUID]") -> Mapping[UUID, OrderView]:
        """Read the earlier orders whose references this batch repeats."""
        earlier = {item for item in outcomes if isinstance(item, UUID)}
        earlier -= {draft.order for draft in self._decider.drafts} if earlier else set()
        return read_orders(self._connection, sorted(earlier), with_deliveries=True) if earlier else {}

    def _results(
        self, outcomes: "Sequence[str | Draft | UUID]", stored: Mapping[UUID, OrderView]
    ) -> list[SubmitResult]:
        drafts = {draft.order: draft for draft in self._decider.drafts}
        results = []
        for item in outcomes:
            if isinstance(item, str):
                results.append(SubmitResult(item))
            elif isinstance(item, Draft):
                results.append(SubmitResult("created", view_of(item, at=self._at, tools=self._tools)))
            elif item in drafts:
                view = view_of(drafts[item], at=self._at, tools=self._tools)
                results.append(SubmitResult("repeated", view))
            else:
                results.append(SubmitResult("repeated", stored[item]))
        return results
