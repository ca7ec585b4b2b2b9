"""Deciding one order after another in plain Python, on what its caller has read or remembers.

Owns the precedence of refusals and what an accepted order takes: codes from the stock, money through the
journal. Refuses nothing by exception and writes nothing; a refused order leaves stock and journal as they
were.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

from kamao.engine.ledger.accounts import wallet
from kamao.engine.ledger.journal import Journal
from kamao.engine.pricing.types import Offer, Sku
from kamao.engine.stock.types import Allocated
from kamao.engine.trade.drafts import Draft
from kamao.engine.trade.plans import Plan, plan_order
from kamao.engine.trade.supplying import ranked_offers
from kamao.engine.trade.tools import TradeTools
from kamao.engine.trade.types import OrderRequest
from kamao.kernel.limits import ORDER_QUANTITY_MAX
from kamao.kernel.money import order_amount


class Stock(Protocol):
    """Codes that may be given to the orders of one batch."""

    def has(self, offer: UUID, quantity: int) -> bool:
        """Tell whether that many are left."""
        ...

    def take(self, offer: UUID, count: int) -> list[Allocated]:
        """Take them, in the order of their sale."""
        ...


class Decider:
    """Decisions of one batch; each sees what the ones before it have taken."""

    def __init__(self, *, tools: TradeTools, journal: Journal, stock: Stock, at: datetime) -> None:
        self._tools = tools
        self._journal = journal
        self._stock = stock
        self._at = at
        self.merchants: dict[int, tuple[int, str]] = {}
        """Level and status by the merchant's number."""
        self.known: dict[tuple[int, str], tuple[UUID, bytes]] = {}
        """Order and content by merchant and reference."""
        self.drafts: list[Draft] = []

    def decide(self, request: OrderRequest, content: bytes, order: UUID) -> "str | Draft | UUID":
        """Return a draft, the id of the first order of a repeated reference, or a refusal's code."""
        known = self.known.get((request.merchant.int, request.reference))
        if known is not None and known[1] == content:
            return known[0]
        merchant = self.merchants.get(request.merchant.int)
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

    def follow(self, plan: Plan, request: OrderRequest, content: bytes, order: UUID) -> "str | Draft":
        """As ``decide`` for a request without limits of its own, whose merchant is active and whose plan was
        made under the same prices.
        """
        if self.merchants[request.merchant.int][1] != "active":
            return "merchant_suspended"
        if plan.is_from_stock and not self._stock.has(plan.offer.id, request.quantity):
            return "out_of_stock"
        if not self._journal.covers(plan.source, plan.amount_minor):
            return "insufficient_balance"
        return self._accept(plan, request, content, order)

    def _accept(self, plan: Plan, request: OrderRequest, content: bytes, order: UUID) -> Draft:
        """Take the goods and the money of an order that nothing speaks against."""
        codes = self._stock.take(plan.offer.id, request.quantity) if plan.is_from_stock else []
        if plan.amount_minor:
            self._journal.post(
                "order",
                debit=plan.source,
                credit=plan.destination,
                amount_minor=plan.amount_minor,
                order=order,
            )
        draft = Draft(order, request, content, plan, codes)
        self.known[request.merchant.int, request.reference] = (order, content)
        self.drafts.append(draft)
        return draft

    def _decide_offer(
        self, request: OrderRequest, content: bytes, order: UUID, *, sku: Sku, level: int
    ) -> "str | Draft":
        """Take the first offer that has the goods at a price within every limit."""
        book, at = self._tools.book, self._at
        offers = ranked_offers(self._tools, request.sku, at)
        chosen = self._first_with_goods(offers, request.quantity)
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
        if not self._journal.covers(wallet(request.merchant, sku.currency), amount):
            return "insufficient_balance"
        if self._below_resale_floor(request):
            return "not_sellable"
        if chosen is None:
            return "out_of_stock"
        plan = plan_order(
            merchant=request.merchant,
            sku=sku,
            offer=chosen,
            quantity=request.quantity,
            unit_price_e4=price.unit_price_e4,
            amount_minor=amount,
        )
        return self._accept(plan, request, content, order)

    def _first_with_goods(self, offers: Sequence[Offer], quantity: int) -> Offer | None:
        for offer in offers:
            if offer.fulfilment != "stock" or self._stock.has(offer.id, quantity):
                return offer
        return None

    def _below_resale_floor(self, request: OrderRequest) -> bool:
        """控价: a declared retail price below the channel's floor is not sold."""
        if request.retail_unit_price_e4 is None:
            return False
        floor, ceiling = self._tools.book.limits(request.sku, request.sales_channel, self._at)
        retail = request.retail_unit_price_e4
        return (floor is not None and retail < floor) or (ceiling is not None and retail > ceiling)
