"""What the supplier's home page reads. Every query takes the supplier and answers nothing about anybody
else.
"""

from __future__ import annotations

from typing import Final
from uuid import UUID

import msgspec

from kamao.engine.ledger.accounts import owned, payable
from kamao.engine.ledger.queries import balances
from kamao.engine.pool import Connection


class Overview(msgspec.Struct, frozen=True):
    """A supplier at a glance: offers, codes left, work to do, money owed and kept."""

    offers_active: int
    offers_all: int
    codes_free: int
    fulfilments_open: int
    in_doubt: int
    payable_minor: int
    deposit_minor: int


_OFFERS: Final = (
    "SELECT count(*) FILTER (WHERE status = 'active'), count(*) FROM pricing_offer WHERE supplier = %s"
)

# Bounded: a count of codes that reads millions of index entries is no answer for a home page.
_CODES: Final = """
SELECT coalesce(sum(free.codes), 0)::bigint
FROM pricing_offer AS o
CROSS JOIN LATERAL (
    SELECT count(*) AS codes FROM (
        SELECT 1 FROM stock_code AS c WHERE c.offer = o.id AND c.state = 'free' LIMIT 1000) AS bounded
) AS free
WHERE o.supplier = %s AND o.fulfilment = 'stock' AND o.status = 'active'
"""

_WORK: Final = """
SELECT count(*) FILTER (WHERE state IN ('planned', 'sent')), count(*) FILTER (WHERE state = 'in_doubt')
FROM trade_attempt WHERE supplier = %s AND state IN ('planned', 'sent', 'in_doubt')
"""


def overview(connection: Connection, *, supplier: UUID, currency: str) -> Overview:
    """Return the supplier's numbers of this moment."""
    offers = connection.execute(_OFFERS, (supplier,)).fetchone()
    codes = connection.execute(_CODES, (supplier,)).fetchone()
    work = connection.execute(_WORK, (supplier,)).fetchone()
    assert offers is not None
    assert codes is not None
    assert work is not None
    accounts = (payable(supplier, currency), owned("deposit", supplier, currency))
    held = balances(connection, accounts)
    money = [held[account.id].balance_minor if account.id in held else 0 for account in accounts]
    return Overview(offers[0], offers[1], codes[0], work[0], work[1], money[0], money[1])
