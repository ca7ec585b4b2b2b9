"""Placing prepaid orders: the hot path. Owns the order of locks and the decision, item by item.

A batch gives exactly what its items one after another would give: (1) lock the merchants' wallets in id
order, before references are looked up; (2) lock candidate codes, each offer asked once with its summed
quantity; (3) decide in plain Python; (4) write set-based. Refuses nothing by exception: each item has an
outcome, and a refused one writes nothing.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from kamao.engine.ledger.accounts import escrow, wallet
from kamao.engine.ledger.journal import Journal
from kamao.engine.pool import Connection
from kamao.engine.pricing.types import Offer, Sku
from kamao.engine.statements import statement
from kamao.engine.stock.allocation import Allocator
from kamao.engine.trade.drafts import Draft, view_of, write_drafts
from kamao.engine.trade.queries import read_orders
from kamao.engine.trade.rules import content_of
from kamao.engine.trade.supplying import ask_stock, ranked_offers
from kamao.engine.trade.tools import TradeTools
from kamao.engine.trade.types import OrderRequest, SubmitResult
from kamao.kernel.ids import sql_array
from kamao.kernel.limits import ORDER_QUANTITY_MAX
from kamao.kernel.money import order_amount


class Submitted:
    """Results of a batch and what is left to do once the transaction has committed."""

    __slots__ = ("_allocator", "results")

    def __init__(self, results: list[SubmitResult], allocator: Allocator) -> None:
        self.results = results
        self._allocator = allocator

    def committed(self) -> None:
        """Tell the allocation hints that the codes are gone."""
        self._allocator.settle_hints()


def submit(
    connection: Connection, requests: Sequence[OrderRequest], *, at: datetime, tools: TradeTools
) -> Submitted:
    """Decide and write a batch of orders in the open transaction.

    Outcomes are those of ``types.OUTCOMES``. Codes come back sealed; the caller commits, calls
    ``committed()``, and only then opens them. Raises psycopg errors (lock time-outs, deadlocks) for the owner
    of the transaction to retry.
    """
    return _Batch(connection, requests, at=at, tools=tools).run()


class _Batch:
    def __init__(
        self, connection: Connection, requests: Sequence[OrderRequest], *, at: datetime, tools: TradeTools
    ) -> None:
        self._connection = connection
        self._requests = requests
        self._at = at
        self._tools = tools
        self._journal = Journal(at=at, ids=tools.ids)
        self._allocator = Allocator(connection, tools.hints, at=at)
        self._merchants: dict[int, tuple[int, str]] = {}
        self._known: dict[tuple[int, str], tuple[UUID, bytes]] = {}
        self._drafts: list[Draft] = []

    def run(self) -> Submitted:
        digest = self._tools.keyring.content_digest
        contents = [digest(content_of(request)) for request in self._requests]
        self._open()
        self._ask_stock()
        ids = self._tools.ids.many(len(self._requests))
        outcomes: list[str | Draft | UUID] = []
        for request, content, order in zip(self._requests, contents, ids, strict=True):
            outcome = self._decide(request, content, order)
            outcomes.append(outcome)
            if isinstance(outcome, Draft):
                self._known[request.merchant.int, request.reference] = (order, content)
                self._drafts.append(outcome)
        write_drafts(self._connection, self._drafts, journal=self._journal, at=self._at, tools=self._tools)
        return Submitted(self._results(outcomes), self._allocator)

    def _open(self) -> None:
        """Lock wallets, then read references and prices as they are under those locks."""
        merchants = {request.merchant.int: request.merchant for request in self._requests}.values()
        with self._connection.pipeline(), self._connection.cursor() as wallets:
            references, epoch = self._connection.cursor(), self._connection.cursor()
            wallets.execute(statement("trade/lock_wallets"), (sql_array(sorted(merchants)),))
            references.execute(
                statement("trade/read_references"),
                (
                    sql_array([request.merchant for request in self._requests]),
                    [request.reference for request in self._requests],
                ),
            )
            epoch.execute(statement("pricing/read_epoch"))
            rows = wallets.fetchall()
            for merchant, reference, order, content in references:
                self._known[merchant.int, reference] = (order, content)
            current = epoch.fetchone()
        self._journal.adopt([row[:7] for row in rows])
        for row in rows:
            self._merchants[row[1].int] = (row[7], row[8])
        assert current is not None, "the epoch row exists from installation"
        self._tools.book.open(
            self._connection,
            epoch=current[0],
            pairs=[(request.merchant, request.sku) for request in self._requests],
            at=self._at,
        )

    def _ask_stock(self) -> None:
        """Lock codes for every item that may need them; cheaper offers first, others only where those fall
        short.
        """
        book, known = self._tools.book, self._known
        wanted: dict[str, int] = {}
        for request in self._requests:
            sku = book.sku(request.sku)
            if sku is None or (request.merchant.int, request.reference) in known:
                continue
            if sku.kind == "code" and 0 < request.quantity <= ORDER_QUANTITY_MAX:
                wanted[request.sku] = wanted.get(request.sku, 0) + request.quantity
        ask_stock(self._allocator, self._tools, wanted, at=self._at)

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

    def _results(self, outcomes: "Sequence[str | Draft | UUID]") -> list[SubmitResult]:
        earlier = [item for item in outcomes if isinstance(item, UUID)]
        drafts = {draft.order: draft for draft in self._drafts} if earlier else {}
        stored = {}
        if any(item not in drafts for item in earlier):
            missing = [item for item in earlier if item not in drafts]
            stored = read_orders(self._connection, missing, with_deliveries=True)
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
