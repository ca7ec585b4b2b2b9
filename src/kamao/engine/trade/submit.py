"""Placing prepaid orders: the hot path. Owns the order of locks and the decision, item by item.

A batch gives exactly what its items one after another would give: (1) read the merchants' wallets and the
references; (2) lock candidate codes, each offer asked once with its summed quantity; (3) decide in plain
Python; (4) write set-based, the wallets last. Wallets are locked from that last write to the commit only, so
that batches of the same merchants run side by side; what was decided on a balance or a reference that has
changed meanwhile is refused by the database (the floor, the key of references), and the whole batch is
decided again, this time with the wallets locked first, in id order. Refuses nothing by exception: each item
has an outcome, and a refused one writes nothing.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from psycopg.errors import CheckViolation, UniqueViolation
from psycopg.pq import TransactionStatus

from kamao.engine.arrays import id_numbers, ids, texts
from kamao.engine.burst import Burst
from kamao.engine.ledger.accounts import escrow, wallet
from kamao.engine.ledger.journal import Journal
from kamao.engine.pool import Connection
from kamao.engine.pricing.types import Offer, Sku
from kamao.engine.stock.allocation import Allocator
from kamao.engine.trade.drafts import Draft, load_lot_keys, view_of, write_drafts
from kamao.engine.trade.queries import read_orders
from kamao.engine.trade.rules import content_of
from kamao.engine.trade.supplying import ask_stock, first_asks, ranked_offers
from kamao.engine.trade.tools import TradeTools
from kamao.engine.trade.types import OrderRequest, OrderView, SubmitResult
from kamao.kernel.limits import ORDER_QUANTITY_MAX
from kamao.kernel.money import order_amount

_OVERTAKEN: Final = frozenset({"ck_ledger_account_floor", "pk_trade_reference"})
"""Constraints that tell that a neighbour changed what was decided on."""
_ATTEMPTS_MAX: Final = 4


def submit(
    connection: Connection,
    requests: Sequence[OrderRequest],
    *,
    at: datetime,
    tools: TradeTools,
    decided: Callable[[], None] | None = None,
) -> list[SubmitResult]:
    """Decide, write and commit a batch of orders in a transaction of its own: two round trips in all.

    Outcomes are those of ``types.OUTCOMES``; codes come back sealed. ``decided`` is called when all is
    decided and the writes are on their way: the moment to begin with the next batch. Raises psycopg errors
    (lock time-outs, deadlocks) for the owner of the connection to roll back and try again; an
    OperationalError of a lost connection leaves the outcome unknown.
    """
    assert connection.info.transaction_status == TransactionStatus.IDLE, "submit owns its transaction"
    for attempt in range(_ATTEMPTS_MAX):
        batch = _Batch(connection, requests, at=at, tools=tools, locks_first=attempt > 0)
        try:
            return batch.run(decided)
        except (CheckViolation, UniqueViolation) as error:
            if error.diag.constraint_name not in _OVERTAKEN or attempt == _ATTEMPTS_MAX - 1:
                raise
            connection.rollback()
    raise AssertionError("the last attempt returns or raises")


def submit_within(
    connection: Connection, requests: Sequence[OrderRequest], *, at: datetime, tools: TradeTools
) -> list[SubmitResult]:
    """As ``submit``, but inside the caller's open transaction, with the wallets locked first; the caller
    commits and only then opens the codes.
    """
    return _Batch(connection, requests, at=at, tools=tools, locks_first=True).run(None, commit=False)


class _Batch:
    def __init__(
        self, connection: Connection, requests: Sequence[OrderRequest], *, at: datetime, tools: TradeTools,
        locks_first: bool,
    ) -> None:  # fmt: skip
        self._connection = connection
        self._requests = requests
        self._at = at
        self._tools = tools
        self._wallets = "trade/lock_wallets" if locks_first else "trade/read_wallets"
        self._journal = Journal(at=at, ids=tools.ids)
        self._allocator = Allocator(connection, tools.hints, at=at)
        self._merchants: dict[int, tuple[int, str]] = {}
        self._known: dict[tuple[int, str], tuple[UUID, bytes]] = {}
        self._drafts: list[Draft] = []

    def run(self, decided: Callable[[], None] | None, *, commit: bool = True) -> list[SubmitResult]:
        digest = self._tools.keyring.content_digest
        contents = [digest(content_of(request)) for request in self._requests]
        self._open()
        ask_stock(self._allocator, self._tools, self._wanted(), at=self._at)
        orders = self._tools.ids.many(len(self._requests))
        outcomes: list[str | Draft | UUID] = []
        for request, content, order in zip(self._requests, contents, orders, strict=True):
            outcome = self._decide(request, content, order)
            outcomes.append(outcome)
            if isinstance(outcome, Draft):
                self._known[request.merchant.int, request.reference] = (order, content)
                self._drafts.append(outcome)
        stored = self._stored(outcomes)
        lots = [code.lot for draft in self._drafts for code in draft.codes]
        load_lot_keys(self._connection, lots, self._tools)
        burst = Burst(self._connection)
        write_drafts(burst, self._drafts, journal=self._journal, at=self._at, tools=self._tools)
        burst.send(commit=commit, sent=decided)
        self._allocator.settle_hints()
        return self._results(outcomes, stored)

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
        for _, merchant, reference, order, content in references.rows:
            if merchant is not None:
                self._known[merchant.int, reference] = (order, content)
        self._journal.adopt([row[:7] for row in wallets.rows])
        for row in wallets.rows:
            self._merchants[row[1].int] = (row[7], row[8])
        self._tools.book.open(
            self._connection,
            epoch=references.rows[0][0],
            pairs=[(request.merchant, request.sku) for request in requests],
            at=self._at,
        )
        if asked is not None:
            self._allocator.settle(asked)

    def _wanted(self) -> dict[str, int]:
        """Sum up the codes of each SKU that items not known as repeated may need."""
        book, known = self._tools.book, self._known
        wanted: dict[str, int] = {}
        for request in self._requests:
            if not book.has(request.sku) or (request.merchant.int, request.reference) in known:
                continue
            sku = book.sku(request.sku)
            if sku is not None and sku.kind == "code" and 0 < request.quantity <= ORDER_QUANTITY_MAX:
                wanted[request.sku] = wanted.get(request.sku, 0) + request.quantity
        return wanted

    def _decide(self, request: OrderRequest, content: bytes, order: UUID) -> "str | Draft | UUID":
        """Return a draft, the id of the first order of a repeated reference, or a refusal's code."""
        known = self._known.get((request.merchant.int, request.reference))
        if known is not None and known[1] == content:
            return known[0]
        merchant = self._merchants.get(request.merchant.int)
        if merchant is None or merchant[1] != "active":
            return "merchant_suspended"
        sku = self._tools.book.sku(request.sku)
        if sku is None or sku.status == "withdrawn":
            return "sku_not_found"
        if known is not None:
            return "reference_conflict"
        if not sku.min_quantity <= request.quantity <= min(sku.max_quantity, ORDER_QUANTITY_MAX):
            return "invalid_quantity"
        if request.quantity % sku.multiple:
            return "invalid_quantity"
        if sku.target_required and not request.target_json:
            return "target_required"
        if sku.status != "active":
            return "not_sellable"
        return self._decide_offer(request, content, order, sku=sku, level=merchant[0])

    def _decide_offer(
        self, request: OrderRequest, content: bytes, order: UUID, *, sku: Sku, level: int
    ) -> "str | Draft":
        """Take the first offer that has the goods at a price within every limit."""
        book, at = self._tools.book, self._at
        offers = ranked_offers(self._tools, request.sku, at)
        chosen = next((offer for offer in offers if self._has(offer, request.quantity)), None)
        shown = chosen or (offers[0] if offers else None)
        if shown is None or shown.sale_model != "self_operated":
            return "not_sellable"
        price = book.price(
            request.sku, offer=shown, merchant=request.merchant, level=level, quantity=request.quantity, at=at
        )
        if price is None:
            return "not_sellable"
        amount = order_amount(price.unit_price_e4, request.quantity, sku.currency)
        if request.max_unit_price_e4 is not None and price.unit_price_e4 > request.max_unit_price_e4:
            return "price_above_limit"
        if request.max_amount_minor is not None and amount > request.max_amount_minor:
            return "price_above_limit"
        source = wallet(request.merchant, sku.currency)
        if not self._journal.covers(source, amount):
            return "insufficient_balance"
        if self._below_resale_floor(request):
            return "not_sellable"
        if chosen is None:
            return "out_of_stock"
        codes = self._allocator.take(chosen.id, request.quantity) if chosen.fulfilment == "stock" else []
        if amount:
            self._journal.post(
                "order", debit=source, credit=escrow(sku.currency), amount_minor=amount, order=order
            )
        return Draft(
            order,
            request,
            content,
            sku,
            chosen,
            price.unit_price_e4,
            amount,
            source.id if amount else None,
            codes,
        )

    def _has(self, offer: Offer, quantity: int) -> bool:
        if offer.fulfilment != "stock":
            return True
        return self._allocator.asked(offer.id) and self._allocator.left(offer.id) >= quantity

    def _below_resale_floor(self, request: OrderRequest) -> bool:
        """控价: a declared retail price below the channel's floor is not sold."""
        if request.retail_unit_price_e4 is None:
            return False
        floor, ceiling = self._tools.book.limits(request.sku, request.sales_channel, self._at)
        retail = request.retail_unit_price_e4
        return (floor is not None and retail < floor) or (ceiling is not None and retail > ceiling)

    def _stored(self, outcomes: "Sequence[str | Draft | UUID]") -> Mapping[UUID, OrderView]:
        """Read the earlier orders whose references this batch repeats."""
        earlier = {item for item in outcomes if isinstance(item, UUID)}
        earlier -= {draft.order for draft in self._drafts} if earlier else set()
        return read_orders(self._connection, sorted(earlier), with_deliveries=True) if earlier else {}

    def _results(
        self, outcomes: "Sequence[str | Draft | UUID]", stored: Mapping[UUID, OrderView]
    ) -> list[SubmitResult]:
        drafts = {draft.order: draft for draft in self._drafts} if len(self._drafts) < len(outcomes) else {}
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
