"""Orders decided but not yet written, and the set-based writing of them. Owns the rows that a new order
consists of.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from uuid import UUID

from kamao.engine.arrays import bigints, booleans, bytes_of, columns, id_numbers, ids, raw_ids, texts
from kamao.engine.burst import Burst
from kamao.engine.ledger.journal import Journal
from kamao.engine.pool import Connection
from kamao.engine.pricing.types import Offer
from kamao.engine.statements import statement
from kamao.engine.stock.types import Allocated, Delivered
from kamao.engine.trade import leaves
from kamao.engine.trade.plans import CELL_KINDS, Plan
from kamao.engine.trade.private import Private, write_private
from kamao.engine.trade.rules import opening_number
from kamao.engine.trade.supplying import Attempt, plan_attempts
from kamao.engine.trade.tools import TradeTools
from kamao.engine.trade.types import OrderRequest, OrderView
from kamao.kernel.ids import sql_array
from kamao.kernel.sealing import NONCE_BYTES, SALT_BYTES


class Draft:
    """One accepted order with all that was decided about it."""

    __slots__ = ("codes", "content", "order", "plan", "request")

    def __init__(
        self, order: UUID, request: OrderRequest, content: bytes, plan: Plan, codes: list[Allocated]
    ) -> None:
        self.order = order
        self.request = request
        self.content = content
        self.plan = plan
        self.codes = codes

    @property
    def delivered(self) -> bool:
        """Whether the goods are handed over by this very transaction."""
        return bool(self.codes)


def write_drafts(
    burst: Burst, drafts: Sequence[Draft], *, journal: Journal, at: datetime, tools: TradeTools
) -> None:
    """Let a burst write every row of accepted orders: references, orders, money, goods, events and provenance
    leaves. The keys of the codes' lots are known (``load_lot_keys``).
    """
    if not drafts:
        return
    burst.add("trade/place_orders", *_order_columns(drafts, tools), at=at)
    codes = [(draft.order, code) for draft in drafts for code in draft.codes]
    if codes:
        hand_over_codes(burst, codes, at=at, tools=tools)
    attempts = [
        Attempt(draft.order, draft.plan.offer.id, draft.plan.offer.supplier, draft.plan.offer.fulfilment)
        for draft in drafts
        if not draft.delivered
    ]
    plan_attempts(burst, attempts, at=at, source=tools.ids)
    private = [
        Private(draft.order, draft.request.buyer_ip, draft.request.target_json)
        for draft in drafts
        if draft.request.target_json or draft.request.buyer_ip
    ]
    write_private(burst, private, keyring=tools.keyring)
    # Last, because it locks the wallets.
    journal.add_to(burst)


def _order_columns(drafts: Sequence[Draft], tools: TradeTools) -> tuple[bytes, ...]:
    requests = [draft.request for draft in drafts]
    beginnings = sorted(
        {(draft.plan.state, draft.request.intake, draft.request.notify_url is not None) for draft in drafts}
    )
    return (
        *columns(CELL_KINDS, [draft.plan.cells for draft in drafts]),
        ids([draft.order for draft in drafts]),
        texts([request.reference for request in requests]),
        bytes_of([draft.content for draft in drafts]),
        texts([request.intake for request in requests]),
        texts([request.sales_channel for request in requests]),
        texts([request.channel_order_no for request in requests]),
        bigints([request.retail_unit_price_e4 for request in requests]),
        booleans([bool(request.target_json) for request in requests]),
        texts([request.notify_url for request in requests]),
        texts([request.metadata_json.decode() if request.metadata_json else None for request in requests]),
        id_numbers(tools.ids.numbers(len(drafts))),
        id_numbers(tools.ids.numbers(len(beginnings))),
        texts([state for state, _, _ in beginnings]),
        texts([intake for _, intake, _ in beginnings]),
        booleans([is_told for _, _, is_told in beginnings]),
    )


def settles_at(offer: Offer, delivered_at: datetime) -> datetime:
    """Return when an order of this offer settles: delivery plus the settlement delay."""
    return delivered_at + _delay(offer.settlement_delay_s)


@lru_cache(maxsize=256)
def _delay(seconds: int) -> timedelta:
    return timedelta(seconds=seconds)


def load_lot_keys(connection: Connection, lots: Iterable[UUID], tools: TradeTools) -> None:
    """Make the wrapped keys of lots known to the tools."""
    missing = {lot.int: lot for lot in lots if lot.int not in tools.lot_keys}
    if missing:
        with connection.cursor() as cursor:
            cursor.execute(statement("stock/read_lot_keys"), (sql_array(list(missing.values())),))
            for lot, wrapped in cursor:
                tools.lot_keys[lot.int] = wrapped


def hand_over_codes(
    burst: Burst, codes: Sequence[tuple[UUID, Allocated]], *, at: datetime, tools: TradeTools
) -> None:
    """Mark codes sold to their orders, write deliveries with sealed openings, and queue provenance leaves."""
    items, holders, lots, openings, made = [], [], [], [], []
    # One draw for the whole batch: asking the kernel per code costs more than the sealing itself.
    step = SALT_BYTES + NONCE_BYTES
    drawn = tools.keyring.random(step * len(codes))
    head = leaves.head(leaves.DELIVERED, at=at)
    begin = 0
    # In the order of their ids, in which everybody locks codes.
    for order, code in sorted(codes, key=_code_number):
        salt = drawn[begin : begin + SALT_BYTES]
        nonce = drawn[begin + SALT_BYTES : begin + step]
        begin += step
        item, holder = code.id.int.to_bytes(16, "big"), order.int.to_bytes(16, "big")
        key = tools.keyring.open_data_key(code.lot, tools.lot_keys[code.lot.int])
        items.append(item)
        holders.append(holder)
        lots.append(code.lot)
        openings.append(key.seal_at(opening_number(order, code.id), salt, nonce))
        made.append(head + leaves.commitment(salt=salt, item=item, order=holder))
    burst.add(
        "trade/hand_over_codes",
        raw_ids(items),
        raw_ids(holders),
        ids(lots),
        bytes_of(openings),
        id_numbers(tools.ids.numbers(len(made))),
        bytes_of(made),
        at=at,
    )


def _code_number(pair: tuple[UUID, Allocated]) -> int:
    return pair[1].id.int


def view_of(draft: Draft, *, at: datetime, tools: TradeTools) -> OrderView:
    """Return a just accepted order as its merchant sees it, deliveries still sealed."""
    request, plan = draft.request, draft.plan
    return OrderView(
        draft.order,
        request.merchant,
        request.reference,
        plan.sku.code,
        request.quantity,
        plan.unit_price_e4,
        plan.amount_minor,
        plan.sku.currency,
        plan.state,
        request.intake,
        request.sales_channel,
        request.channel_order_no,
        bool(request.target_json),
        len(draft.codes),
        0,
        0,
        None,
        at,
        at if draft.delivered else None,
        settles_at(plan.offer, at) if draft.delivered else None,
        request.metadata_json,
        None,
        tuple(
            [
                Delivered(
                    code.id,
                    "code",
                    code.id,
                    code.lot,
                    tools.lot_keys[code.lot.int],
                    code.sealed,
                    code.expires_at,
                )
                for code in draft.codes
            ]
        ),
    )
