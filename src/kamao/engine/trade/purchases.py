"""Consumers' purchases before they are paid: placing with reservation, closing, expiry, cancellation.

A purchase is placed whole or not at all, fulfilled whole or refunded whole. Refuses to let one contact,
address or device hold stock without end. Release and payment both lock the purchase row, so exactly one of
them wins.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from kamao.engine.burst import Burst
from kamao.engine.pool import Connection
from kamao.engine.pricing.types import Offer, Sku
from kamao.engine.statements import statement
from kamao.engine.stock.allocation import Allocator
from kamao.engine.stock.operations import release
from kamao.engine.stock.types import Allocated
from kamao.engine.trade.desk import OrderDesk
from kamao.engine.trade.private import Private, write_private
from kamao.engine.trade.supplying import ask_stock, ranked_offers
from kamao.engine.trade.tools import TradeTools
from kamao.engine.trade.types import (
    PlacedPurchase,
    PurchaseLine,
    PurchaseRequest,
    PurchaseView,
    ReservationLimits,
)
from kamao.kernel.ids import IdSource, sql_array
from kamao.kernel.limits import ORDER_QUANTITY_MAX
from kamao.kernel.money import order_amount

PLATFORM_POSITION = 50
MERCHANT_POSITION = 60
"""Parties' positions: suppliers come first (1 and up, a failover adds one), then the platform, then the root
merchant's shop and one more per level of sub-shop.
"""


class _Order(msgspec.Struct, frozen=True):
    """A decided line of a purchase."""

    id: UUID
    purchase: UUID
    request: PurchaseRequest
    line: PurchaseLine
    place: int
    sku: Sku
    offer: Offer
    wholesale_e4: int
    codes: list[Allocated]


def buyer_of(request: PurchaseRequest, line: PurchaseLine) -> UUID:
    """Return whose wholesale price a line has: the root of the chain of shops, or the shop's own merchant."""
    return line.resellers[0][0] if line.resellers else request.merchant


def content_of(request: PurchaseRequest) -> bytes:
    """Return the canonical content by which a repeated purchase reference is judged."""
    parts = [
        f"{line.sku}\n{line.quantity}\n{line.amount_minor}\n".encode() + (line.target_json or b"")
        for line in request.lines
    ]
    return b"\x00".join(parts)


def place_purchases(
    connection: Connection,
    requests: Sequence[PurchaseRequest],
    *,
    at: datetime,
    tools: TradeTools,
    limits: ReservationLimits,
) -> list[PlacedPurchase]:
    """Reserve goods for purchases that await payment; outcomes as in ``PlacedPurchase``, each item after the
    other.
    """
    return _Placing(connection, requests, at=at, tools=tools, limits=limits).run()


class _Placing:
    def __init__(
        self,
        connection: Connection,
        requests: Sequence[PurchaseRequest],
        *,
        at: datetime,
        tools: TradeTools,
        limits: ReservationLimits,
    ) -> None:
        self._connection = connection
        self._requests = requests
        self._at = at
        self._tools = tools
        self._limits = limits
        self._allocator = Allocator(connection, tools.hints, at=at)
        self._levels: dict[UUID, tuple[int, str]] = {}
        self._known: dict[tuple[UUID, str], tuple[UUID, bytes, int]] = {}
        self._open: dict[tuple[str, bytes], int] = {}
        self._orders: list[_Order] = []
        self._placed: list[tuple[UUID, PurchaseRequest, bytes, int]] = []

    def run(self) -> list[PlacedPurchase]:
        self._read()
        self._ask_stock()
        results = [self._decide(request) for request in self._requests]
        self._write()
        return results

    def _keys(self, request: PurchaseRequest) -> Iterable[tuple[str, bytes, int]]:
        for name, key, most in (
            ("contact", request.contact_key, self._limits.contact_max),
            ("address", request.address_key, self._limits.address_max),
            ("device", request.device_key, self._limits.device_max),
        ):
            if key is not None and most is not None:
                yield name, key, most

    def _read(self) -> None:
        buyers = {buyer_of(request, line) for request in self._requests for line in request.lines}
        merchants = sorted({request.merchant for request in self._requests} | buyers)
        keys = sorted({(name, key) for request in self._requests for name, key, _ in self._keys(request)})
        with self._connection.cursor() as cursor:
            names = [f"purchase:{request.merchant.hex}:{request.reference}" for request in self._requests]
            names += [f"{name}:{key.hex()}" for name, key in keys]
            cursor.execute(statement("trade/lock_purchase_keys"), (names,))
            cursor.execute(statement("trade/read_merchants"), (sql_array(merchants),))
            self._levels = {row[0]: (row[1], row[2]) for row in cursor.fetchall()}
            cursor.execute(
                statement("trade/read_purchase_references"),
                (sql_array([r.merchant for r in self._requests]), [r.reference for r in self._requests]),
            )
            self._known = {(row[0], row[1]): (row[2], row[3], row[4]) for row in cursor.fetchall()}
            for name, key in keys:
                cursor.execute(statement(f"trade/count_open_by_{name}"), (key,))
                row = cursor.fetchone()
                self._open[name, key] = row[0] if row else 0
            cursor.execute(statement("pricing/read_epoch"))
            epoch = cursor.fetchone()
        assert epoch is not None, "the epoch row exists from installation"
        pairs = {(buyer_of(request, line), line.sku) for request in self._requests for line in request.lines}
        self._tools.book.open(self._connection, epoch=epoch[0], pairs=pairs, at=self._at)

    def _ask_stock(self) -> None:
        wanted: dict[str, int] = {}
        for request in self._requests:
            if (request.merchant, request.reference) in self._known:
                continue
            for line in request.lines:
                if self._tools.book.sku(line.sku) and 0 < line.quantity <= ORDER_QUANTITY_MAX:
                    wanted[line.sku] = wanted.get(line.sku, 0) + line.quantity
        ask_stock(self._allocator, self._tools, wanted, at=self._at)

    def _decide(self, request: PurchaseRequest) -> PlacedPurchase:
        content = self._tools.keyring.content_digest(content_of(request))
        known = self._known.get((request.merchant, request.reference))
        if known is not None:
            if known[1] != content:
                return PlacedPurchase("reference_conflict")
            orders = tuple(order.id for order in self._orders if order.purchase == known[0])
            return PlacedPurchase("repeated", known[0], orders or self._stored_orders(known[0]), known[2])
        merchant = self._levels.get(request.merchant)
        if merchant is None or merchant[1] != "active":
            return PlacedPurchase("merchant_suspended")
        for place, line in enumerate(request.lines):
            refused = self._refuse_line(request, line)
            if refused:
                return PlacedPurchase(refused, line=place)
        if any(self._open[name, key] >= most for name, key, most in self._keys(request)):
            return PlacedPurchase("too_many_reservations")
        return self._take(request, content)

    def _refuse_line(self, request: PurchaseRequest, line: PurchaseLine) -> str | None:
        buyer = self._levels.get(buyer_of(request, line))
        if buyer is None or buyer[1] != "active":
            return "merchant_suspended"
        sku = self._tools.book.sku(line.sku)
        if sku is None or sku.status == "withdrawn":
            return "sku_not_found"
        in_range = sku.min_quantity <= line.quantity <= min(sku.max_quantity, ORDER_QUANTITY_MAX)
        if not in_range or line.quantity % sku.multiple or line.amount_minor < 0:
            return "invalid_quantity"
        if sku.target_required and not line.target_json:
            return "target_required"
        return "not_sellable" if sku.status != "active" else None

    def _take(self, request: PurchaseRequest, content: bytes) -> PlacedPurchase:
        """Choose offers for every line before taking any code, so that a refused purchase takes nothing."""
        chosen: list[tuple[Sku, Offer, int]] = []
        planned: dict[UUID, int] = {}
        for place, line in enumerate(request.lines):
            found = self._choose(request, line, planned)
            if isinstance(found, str):
                return PlacedPurchase(found, line=place)
            chosen.append(found)
            if found[1].fulfilment == "stock":
                planned[found[1].id] = planned.get(found[1].id, 0) + line.quantity
        total = sum(line.amount_minor for line in request.lines)
        if total <= 0:
            return PlacedPurchase("not_sellable")
        purchase, *ids = self._tools.ids.many(1 + len(chosen))
        for place, (line, (sku, offer, wholesale), order) in enumerate(
            zip(request.lines, chosen, ids, strict=True)
        ):
            stocked = offer.fulfilment == "stock"
            codes = self._allocator.take(offer.id, line.quantity) if stocked else []
            self._orders.append(_Order(order, purchase, request, line, place, sku, offer, wholesale, codes))
        self._placed.append((purchase, request, content, total))
        self._known[request.merchant, request.reference] = (purchase, content, total)
        for name, key, _ in self._keys(request):
            self._open[name, key] += 1
        return PlacedPurchase("created", purchase, tuple(ids), total)

    def _choose(
        self, request: PurchaseRequest, line: PurchaseLine, planned: dict[UUID, int]
    ) -> "tuple[Sku, Offer, int] | str":
        book, at = self._tools.book, self._at
        buyer = buyer_of(request, line)
        level = self._levels[buyer][0]
        sku = book.sku(line.sku)
        assert sku is not None, "the line was checked"
        offers = ranked_offers(self._tools, line.sku, at)
        if not offers:
            return "not_sellable"
        for offer in offers:
            if offer.fulfilment == "stock":
                left = self._allocator.left(offer.id) if self._allocator.asked(offer.id) else 0
                if left - planned.get(offer.id, 0) < line.quantity:
                    continue
            price = book.price(
                line.sku, offer=offer, merchant=buyer, level=level, quantity=line.quantity, at=at
            )
            if (
                price is None
                or order_amount(price.unit_price_e4, line.quantity, sku.currency) > line.amount_minor
            ):
                return "not_sellable"
            return sku, offer, price.unit_price_e4
        return "out_of_stock"

    def _stored_orders(self, purchase: UUID) -> tuple[UUID, ...]:
        with self._connection.cursor() as cursor:
            cursor.execute(statement("trade/orders_of_purchases"), (sql_array([purchase]),))
            return tuple(row[1] for row in cursor.fetchall())

    def _write(self) -> None:
        if not self._placed:
            return
        with self._connection.cursor() as cursor:
            cursor.execute(statement("trade/insert_purchases"), (self._at, *_purchase_columns(self._placed)))
            cursor.execute(statement("trade/insert_orders"), (self._at, *_order_columns(self._orders)))
            cursor.execute(statement("trade/insert_parties"), _party_columns(self._orders))
            codes = [(code.id, order.id) for order in self._orders for code in order.codes]
            if codes:
                cursor.execute(
                    statement("stock/reserve_codes"),
                    (sql_array([code for code, _ in codes]), sql_array([order for _, order in codes])),
                )
        private = [
            Private(
                order.id, order.request.buyer_ip if order.line.target_json else None, order.line.target_json
            )
            for order in self._orders
        ]
        burst = Burst(self._connection)
        write_private(burst, private, keyring=self._tools.keyring)
        burst.send()


def _purchase_columns(placed: Sequence[tuple[UUID, PurchaseRequest, bytes, int]]) -> tuple[object, ...]:
    return (
        sql_array([row[0] for row in placed]),
        sql_array([row[1].merchant for row in placed]),
        [row[1].reference for row in placed],
        [row[2] for row in placed],
        [row[3] for row in placed],
        [row[1].currency for row in placed],
        [row[1].contact_key for row in placed],
        [row[1].address_key for row in placed],
        [row[1].device_key for row in placed],
        [row[1].expires_at for row in placed],
    )


def _order_columns(orders: Sequence[_Order]) -> tuple[object, ...]:
    nothing = [None] * len(orders)
    return (
        sql_array([order.id for order in orders]),
        sql_array([order.request.merchant for order in orders]),
        [f"{order.request.reference}#{order.place + 1}" for order in orders],
        sql_array([order.sku.id for order in orders]),
        sql_array([order.offer.id for order in orders]),
        [order.sku.promise_id for order in orders],
        [order.line.quantity for order in orders],
        [order.line.retail_unit_price_e4 for order in orders],
        [order.line.amount_minor for order in orders],
        [order.sku.currency for order in orders],
        ["awaiting_payment"] * len(orders),
        [0] * len(orders),
        [0] * len(orders),
        ["shop"] * len(orders),
        [order.request.sales_channel for order in orders],
        nothing,
        [order.line.retail_unit_price_e4 for order in orders],
        [bool(order.line.target_json) for order in orders],
        nothing,
        nothing,
        [order.purchase for order in orders],
        nothing,
        nothing,
    )


def _party_columns(orders: Sequence[_Order]) -> tuple[object, ...]:
    rows: list[tuple[UUID, int, str, UUID | None, int]] = []
    for order in orders:
        retail = max(order.line.retail_unit_price_e4, order.wholesale_e4)
        rows += [
            (order.id, 1, "supplier", order.offer.supplier, order.offer.cost_e4),
            (order.id, PLATFORM_POSITION, "platform", None, order.wholesale_e4),
        ]
        sellers = [*order.line.resellers, (order.request.merchant, retail)]
        for depth, (seller, unit_price_e4) in enumerate(sellers):
            rows.append((order.id, MERCHANT_POSITION + depth, "merchant", seller, unit_price_e4))
    columns = [list(column) for column in zip(*rows, strict=True)]
    return (sql_array([row[0] for row in rows]), *columns[1:])


def begin_expiry(connection: Connection, *, at: datetime, limit: int) -> list[PurchaseView]:
    """Claim purchases whose time is over: they become ``closing`` and their provider's order is to be closed.

    Those still ``closing`` from an earlier, interrupted round are returned again.
    """
    with connection.cursor() as cursor:
        cursor.execute(statement("trade/begin_expiry"), (at, limit))
        return [PurchaseView(*row) for row in cursor.fetchall()]


def end_purchases(
    connection: Connection, purchases: Sequence[UUID], *, state: str, actor: str, at: datetime, ids: IdSource
) -> list[str]:
    """End unpaid purchases as ``expired`` or ``cancelled`` and give their goods back to sale.

    Call only when the provider's order is surely closed. Outcomes: ``purchase_not_found``, ``repeated``,
    ``state_conflict`` (paid meanwhile), ``done``.
    """
    with connection.cursor() as cursor:
        cursor.execute(statement("trade/lock_purchases"), (sql_array(sorted(set(purchases))),))
        states = {row[0]: row[3] for row in cursor.fetchall()}
        outcomes, ended = [], []
        for key in purchases:
            if key not in states:
                outcomes.append("purchase_not_found")
            elif states[key] == state:
                outcomes.append("repeated")
            elif states[key] not in ("awaiting_payment", "closing"):
                outcomes.append("state_conflict")
            else:
                states[key] = state
                ended.append(key)
                outcomes.append("done")
        if ended:
            cursor.execute(statement("trade/set_purchase_state"), (state, None, sql_array(ended)))
            cursor.execute(statement("trade/orders_of_purchases"), (sql_array(ended),))
            orders = [row[1] for row in cursor.fetchall()]
            desk = OrderDesk(connection, at=at, ids=ids)
            desk.lock_orders(orders)
            release(connection, orders)
            for order in desk.orders.values():
                desk.move(
                    order, "cancelled", event="order.cancelled", actor=actor, reason=f"purchase_{state}"
                )
            desk.write()
    return outcomes


def purchase_by_id(connection: Connection, purchase: UUID) -> PurchaseView | None:
    """Return a purchase with its orders."""
    with connection.cursor() as cursor:
        cursor.execute(statement("trade/read_purchase"), (purchase,))
        row = cursor.fetchone()
        if row is None:
            return None
        cursor.execute(statement("trade/orders_of_purchases"), (sql_array([purchase]),))
        columns: list[Any] = [*row, tuple(order for _, order in cursor.fetchall())]
        return PurchaseView(*columns)
