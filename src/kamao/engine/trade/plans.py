"""Plans: what an order of a quantity of a SKU comes to for a merchant, until prices change.

Owns the part of an order's row that follows from its plan; it is laid out for the database once per plan, not
once per order.
"""

from typing import Final
from uuid import UUID

import msgspec

from kamao.engine.arrays import (
    BIGINT,
    INTEGER,
    TEXT,
    UUIDS,
    bigint_cell,
    id_cell,
    integer_cell,
    text_cell,
)
from kamao.engine.ledger.accounts import Account, escrow, wallet
from kamao.engine.pricing.types import Offer, Sku

CELL_KINDS: Final = (
    UUIDS, UUIDS, UUIDS, UUIDS, BIGINT, UUIDS, INTEGER, BIGINT, BIGINT, TEXT, TEXT, INTEGER, INTEGER, UUIDS,
)  # fmt: skip
"""Types of a plan's cells, in the order of the first parameters of ``trade/place_orders``."""


class Plan(msgspec.Struct, frozen=True, gc=False):
    """A plan. ``state`` is what its orders are written in; ``cells`` are their first columns."""

    sku: Sku
    offer: Offer
    unit_price_e4: int
    amount_minor: int
    source: Account
    destination: Account
    state: str
    cells: tuple[bytes, ...]

    @property
    def is_from_stock(self) -> bool:
        """Whether the goods are codes that lie here, handed over with the order."""
        return self.offer.fulfilment == "stock"


def plan_order(
    *, merchant: UUID, sku: Sku, offer: Offer, quantity: int, unit_price_e4: int, amount_minor: int
) -> Plan:
    """Return the plan of an order whose offer and price are decided."""
    source = wallet(merchant, sku.currency)
    state, delivered = ("delivered", quantity) if offer.fulfilment == "stock" else ("paid", 0)
    cells = (
        id_cell(merchant),
        id_cell(sku.id),
        id_cell(offer.id),
        id_cell(offer.supplier),
        bigint_cell(offer.cost_e4),
        id_cell(sku.promise_id),
        integer_cell(quantity),
        bigint_cell(unit_price_e4),
        bigint_cell(amount_minor),
        text_cell(sku.currency),
        text_cell(state),
        integer_cell(delivered),
        integer_cell(offer.settlement_delay_s),
        # Nothing was paid, so nobody is paid back.
        id_cell(source.id if amount_minor else None),
    )
    return Plan(sku, offer, unit_price_e4, amount_minor, source, escrow(sku.currency), state, cells)
