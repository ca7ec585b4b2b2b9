"""The engine's own rounds: settlement, roll-up of append-only accounts, partitions of the months to come.

Decides nothing: each round is one engine operation in one transaction per cell, in batches.
"""

from kamao.engine import schema
from kamao.engine.cells import ALL, Cell
from kamao.engine.escrow.operations import due_orders, settle
from kamao.engine.ledger.operations import roll_up
from kamao.engine.pool import connect
from kamao.kernel.ids import RandomIds
from kamao.worker.context import WorkerContext

SETTLE_PAUSE_S = 5.0
ROLL_UP_PAUSE_S = 2.0
PARTITIONS_PAUSE_S = 6 * 3600.0
_SETTLED_AT_ONCE = 200
_DELTAS_AT_ONCE = 5_000
_MONTHS_AHEAD = 3
_OWNER = "SET ROLE kamao_owner"


def settle_due(context: WorkerContext) -> int:
    """Pay out orders whose waiting time is over; returns how many were settled."""
    settled = 0
    for cell in ALL:
        at = context.clock.now()
        with context.pool(cell).transaction() as connection:
            due = due_orders(connection, at=at, limit=_SETTLED_AT_ONCE)
            outcomes = settle(connection, due, at=at, ids=RandomIds(cell.number)) if due else []
        settled += outcomes.count("settled")
    return settled


def roll_up_accounts(context: WorkerContext) -> int:
    """Fold what append-only accounts have gathered into their balances; returns how many rows were folded."""
    folded = 0
    for cell in ALL:
        with context.pool(cell).transaction() as connection:
            folded += roll_up(connection, limit=_DELTAS_AT_ONCE)
    # A round that folded little has caught up: it pauses, so that rows are folded many at a time.
    return folded if folded >= _DELTAS_AT_ONCE else 0


def make_partitions(context: WorkerContext) -> int:
    """Make the partitions of the coming months before a row needs them; returns 0 (the loop pauses)."""
    for cell in ALL:
        _make_partitions(context, cell)
    return 0


def _make_partitions(context: WorkerContext, cell: Cell) -> None:
    """As the owner: the running node's own role may not make tables."""
    with connect(context.conninfo, cell) as connection:
        connection.execute(_OWNER)
        schema.ensure_partitions(
            connection, cell, months_back=0, months_ahead=_MONTHS_AHEAD, at=context.clock.now()
        )
