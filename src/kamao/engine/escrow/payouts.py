"""Payouts: money owed to an organisation leaves the node. A payout is a hold on its payable until the bank
has answered.

Owns nothing of its own: the hold is the request, its resolution the answer, the posting the movement. Refuses
more than is owed, and a second answer that differs from the first.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from kamao.engine.ledger.accounts import cash, payable
from kamao.engine.ledger.operations import hold, resolve_holds
from kamao.engine.ledger.types import Hold, HoldResolution
from kamao.engine.pool import Connection
from kamao.engine.statements import statement
from kamao.kernel.ids import IdSource


class PayoutRequest(msgspec.Struct, frozen=True):
    """Pay ``amount_minor`` out of what is owed to an organisation; ``id`` is the caller's and its
    idempotency.
    """

    id: UUID
    organisation: UUID
    amount_minor: int
    custodian: str
    currency: str = "CNY"


class PayoutView(msgspec.Struct, frozen=True):
    """A payout: ``pending``, ``posted`` (paid) or ``voided`` (returned to what is owed)."""

    id: UUID
    amount_minor: int
    currency: str
    state: str
    created_at: datetime
    closed_at: datetime | None


def request_payouts(
    connection: Connection, requests: Sequence[PayoutRequest], *, at: datetime, ids: IdSource
) -> list[str]:
    """Set payouts aside. Outcomes as of ``ledger.operations.hold``."""
    holds = [
        Hold(
            item.id,
            "payout",
            payable(item.organisation, item.currency),
            cash(item.custodian, item.currency),
            item.amount_minor,
            subject=item.id,
        )
        for item in requests
    ]
    return hold(connection, holds, at=at, ids=ids)


def answer_payouts(
    connection: Connection, answers: Sequence[tuple[UUID, bool]], *, at: datetime, ids: IdSource
) -> list[str]:
    """Take the bank's final answers: paid or not. Outcomes as of ``ledger.operations.resolve_holds``."""
    return resolve_holds(connection, [HoldResolution(key, paid) for key, paid in answers], at=at, ids=ids)


def payouts_of(
    connection: Connection,
    organisation: UUID,
    *,
    limit: int,
    before: UUID | None = None,
    currency: str = "CNY",
) -> list[PayoutView]:
    """Return an organisation's payouts, newest first."""
    with connection.cursor() as cursor:
        cursor.execute(
            statement("escrow/list_payouts"), (payable(organisation, currency).id, before, before, limit)
        )
        return [PayoutView(*row) for row in cursor.fetchall()]
