"""Codes and opening money of the demo, in a cell. Owns that a start which is repeated adds nothing."""

import random
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from kamao.engine.ledger.accounts import cash, wallet
from kamao.engine.ledger.operations import transfer
from kamao.engine.ledger.types import Transfer
from kamao.engine.pool import Connection
from kamao.engine.stock.operations import import_codes, open_lots
from kamao.engine.stock.types import NewCode, NewLot
from kamao.engine.trade.tools import TradeTools
from kamao.runtime.demo.goods import Ware

CUSTODIAN = "history_bank"
"""Whose books the past payments stand in: a bank of the story, so that the sandbox bank's own bill stays
true.
"""


def free_by_offer(connection: Connection) -> dict[UUID, int]:
    """Return how many free codes each offer has."""
    rows = connection.execute(
        "SELECT offer, count(*) FROM stock_code WHERE state = 'free' GROUP BY offer"
    ).fetchall()
    return dict(rows)


def add_codes(
    connection: Connection,
    wanted: Sequence[tuple[Ware, UUID]],
    *,
    supplier: UUID,
    count: int,
    at: datetime,
    tools: TradeTools,
    rng: random.Random,
) -> None:
    """Import ``count`` codes for each (ware, offer), each offer as a lot of its own."""
    lots = [
        (NewLot(key, offer, supplier, ware.id, source="demo"), ware)
        for (ware, offer), key in zip(wanted, tools.ids.many(len(wanted)), strict=True)
    ]
    open_lots(connection, [lot for lot, _ in lots], at=at, keyring=tools.keyring)
    for lot, _ in lots:
        codes = [
            NewCode(str(rng.randrange(10**13, 10**14)), f"{rng.getrandbits(80):020X}") for _ in range(count)
        ]
        import_codes(connection, lot.id, codes, at=at, ids=tools.ids, keyring=tools.keyring)


def fund(
    connection: Connection,
    merchants: Sequence[UUID],
    *,
    key: str,
    amount_minor: int,
    at: datetime,
    tools: TradeTools,
) -> bool:
    """Top wallets up once by key; False where this was done before."""
    done = transfer(
        connection,
        [
            Transfer(
                f"demo:{key}:{merchant.hex}",
                "wallet_topup",
                cash(CUSTODIAN, "CNY"),
                wallet(merchant),
                amount_minor,
            )
            for merchant in merchants
        ],
        at=at,
        ids=tools.ids,
    )
    return all(item.outcome == "created" for item in done)
