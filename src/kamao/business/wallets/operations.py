"""Announcing, booking and declining top-ups. Owns the rule that a bank reference is booked once, ever.

Booking uses the key of the operator's own page (`topup:<custodian>:<reference>`), so that whichever way a
person takes, the second one finds the first one's posting. Refuses to decide twice.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final
from uuid import UUID

from django.db import transaction

from kamao.business.engine_bridge import cell_connection
from kamao.business.identity import audit
from kamao.business.wallets.models import Topup, TopupState
from kamao.engine import cells
from kamao.engine.ledger.accounts import cash, wallet
from kamao.engine.ledger.operations import transfer
from kamao.engine.ledger.types import Transfer
from kamao.kernel.errors import PROBLEMS, Refusal, problem
from kamao.kernel.ids import RandomIds

CUSTODIAN_DEFAULT: Final = "bank"
_CELLS: Final = {cell.number: cell for cell in cells.ALL}

STATE_CONFLICT = PROBLEMS.get("state_conflict") or problem(
    "state_conflict", 409, title_zh="状态冲突", title_en="State conflict",
    detail_zh="当前状态不允许此操作；请先查询最新状态。",
    detail_en="The present state does not allow this; read the object again first.",
)  # fmt: skip
REFERENCE_CONFLICT = PROBLEMS.get("reference_conflict") or problem(
    "reference_conflict", 409, title_zh="单号冲突", title_en="Reference conflict",
    detail_zh="该 reference 已用于内容不同的订单；新订单请换用新的 reference。",
    detail_en="This reference belongs to an order with other content; use a new reference for a new order.",
)  # fmt: skip


def announce_topup(
    organisation: UUID,
    *,
    cell: int,
    amount_minor: int,
    currency: str,
    bank_reference: str,
    actor: audit.Actor,
    at: datetime,
) -> tuple[Topup, bool]:
    """Note a transfer that is on its way; return the row and whether it is new.

    The same reference with the same amount gives the first row; with another it is `reference_conflict`.
    """
    with transaction.atomic():
        row, is_new = Topup.objects.get_or_create(
            organisation_id=organisation,
            cell=cell,
            bank_reference=bank_reference,
            defaults={"amount_minor": amount_minor, "currency": currency, "created_at": at},
        )
        if (row.amount_minor, row.currency) != (amount_minor, currency):
            raise Refusal(
                "reference_conflict",
                zh="该银行流水号已申报过其他金额。",
                en="This bank reference was announced with another amount.",
            )
        if is_new:
            _record("wallet.topup_announce", row, actor=actor, at=at)
    return row, is_new


def book_topup(topup: UUID, *, actor: audit.Actor, at: datetime, custodian: str = CUSTODIAN_DEFAULT) -> Topup:
    """The money is there: cash of the custodian to the wallet, once. Raises Refusal `state_conflict`."""
    with transaction.atomic():
        row = _pending(topup)
        cell = _CELLS[row.cell]
        wish = Transfer(
            key=f"topup:{custodian}:{row.bank_reference}",
            kind="topup",
            debit=cash(custodian, row.currency),
            credit=wallet(row.organisation_id, row.currency),
            amount_minor=row.amount_minor,
        )
        with cell_connection(cell) as connection:
            result = transfer(connection, [wish], at=at, ids=RandomIds(row.cell))[0]
        if result.outcome not in {"created", "repeated"}:
            raise Refusal(
                "state_conflict",
                zh="该流水号已用于另一笔入账，请核对金额和商户。",
                en="This reference was booked with another amount or merchant; check both.",
            )
        row.state, row.posting_id, row.decided_at = TopupState.BOOKED, result.posting, at
        row.save(update_fields=["state", "posting_id", "decided_at"])
        _record("wallet.topup", row, actor=actor, at=at)
    return row


def decline_topup(topup: UUID, *, actor: audit.Actor, at: datetime) -> Topup:
    """No such money arrived. Raises Refusal `state_conflict`."""
    with transaction.atomic():
        row = _pending(topup)
        row.state, row.decided_at = TopupState.DECLINED, at
        row.save(update_fields=["state", "decided_at"])
        _record("wallet.topup_decline", row, actor=actor, at=at)
    return row


def _pending(topup: UUID) -> Topup:
    row = Topup.objects.select_for_update().get(pk=topup)
    if row.state != TopupState.PENDING:
        raise Refusal("state_conflict")
    return row


def _record(act: str, row: Topup, *, actor: audit.Actor, at: datetime) -> None:
    audit.record(
        act,
        actor=actor,
        at=at,
        organisation=row.organisation_id,
        object_kind="topup",
        object_id=str(row.id),
        details={"amount_minor": row.amount_minor, "currency": row.currency, "reference": row.bank_reference},
    )
