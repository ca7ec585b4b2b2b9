"""The one place where payments meet the engine. Owns transactions' cell, ids and tools; posts nothing by
itself.

Every function works inside the caller's `transaction.atomic()`, so that our rows and the engine's commit
together.
"""

import threading
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from kamao.business.compliance.limits import give_back
from kamao.business.engine_bridge import cell_connection
from kamao.business.keyring import node_keyring
from kamao.business.payments.models import ProviderAccount
from kamao.business.payments.port import ArrivedMoney
from kamao.engine.cells import ALL, Cell
from kamao.engine.trade.payments import answer_refunds, apply_payments, claim_refunds, retry_refund
from kamao.engine.trade.purchases import begin_expiry, end_purchases, purchase_by_id
from kamao.engine.trade.tools import TradeTools, make_tools
from kamao.engine.trade.types import PaymentArrived, PaymentOutcome, PurchaseView, RefundAnswer, RefundView

_LOCAL = threading.local()


def _tools(cell: Cell) -> TradeTools:
    """This thread's tools for a cell."""
    kept: dict[int, TradeTools] = _LOCAL.__dict__.setdefault("tools", {})
    if cell.number not in kept:
        kept[cell.number] = make_tools(cell, node_keyring())
    return kept[cell.number]


def apply_arrivals(
    account: ProviderAccount, *, purchase: UUID | None, arrivals: Sequence[ArrivedMoney], at: datetime
) -> list[PaymentOutcome]:
    """Let the engine judge and book arrived money; one outcome per arrival, each money once for ever."""
    cell = ALL[account.cell]
    payments = [
        PaymentArrived(
            account.key,
            arrival.provider_payment_no,
            purchase,
            arrival.amount_minor,
            arrival.currency,
            arrival.paid_at,
        )
        for arrival in arrivals
    ]
    with cell_connection(cell) as connection:
        return apply_payments(connection, payments, at=at, tools=_tools(cell))


def purchase_view(cell: Cell, *, purchase: UUID) -> PurchaseView | None:
    """A purchase as the engine knows it."""
    with cell_connection(cell) as connection:
        return purchase_by_id(connection, purchase)


def claim_expired(cell: Cell, *, at: datetime, limit: int) -> list[UUID]:
    """Purchases whose time is over, now `closing` in the engine."""
    with cell_connection(cell) as connection:
        return [view.id for view in begin_expiry(connection, at=at, limit=limit)]


def end_purchases_of(
    cell: Cell, *, purchases: Sequence[UUID], state: str, actor: str, at: datetime
) -> list[str]:
    """End unpaid purchases whose provider orders are surely closed; returns the engine's outcomes.

    What they took of daily caps is given back with them.
    """
    if not purchases:
        return []
    with cell_connection(cell) as connection:
        outcomes = end_purchases(connection, purchases, state=state, actor=actor, at=at, ids=_tools(cell).ids)
    for purchase, outcome in zip(purchases, outcomes, strict=True):
        if outcome == "done":
            give_back(purchase)
    return outcomes


def claim_due_refunds(cell: Cell, *, at: datetime, limit: int) -> list[RefundView]:
    """Refunds that were due, now `sent` in the engine: commit before any call goes out."""
    with cell_connection(cell) as connection:
        return claim_refunds(connection, at=at, limit=limit)


def answer_refund(cell: Cell, *, refund: UUID, answer: str, number: str, at: datetime) -> str:
    """Tell the engine what became of a refund: `done` (moves the money), `refused` or `in_doubt`."""
    with cell_connection(cell) as connection:
        told = RefundAnswer(refund, answer, number)
        return answer_refunds(connection, [told], at=at, ids=_tools(cell).ids)[0]


def reopen_refund(cell: Cell, *, refund: UUID) -> bool:
    """Make a refused refund due again; False where it is not refused."""
    with cell_connection(cell) as connection:
        return retry_refund(connection, refund)
