"""Refunds at the provider: due → sent → done | in doubt | refused, one stable number each.

Owns the attempts and their pace. `sent` is committed together with the engine's own `sent` before the
socket opens; whoever finds `sent` or `in_doubt` only asks, or sends the identical refund again where the
provider declares that harmless. Refuses to invent refunds: the engine says what is due, and the money goes
back to the payment it came from.
"""

import logging
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db import transaction

from kamao.business.payments import trade
from kamao.business.payments.calls import call_provider, in_parallel, provider_of
from kamao.business.payments.models import ProviderAccount, RefundAttempt
from kamao.business.payments.port import (
    Declined,
    NotFound,
    RefundDone,
    RefundOrder,
    RefundPending,
    RefundQueryAnswer,
    Unknown,
)
from kamao.business.payments.schedule import next_refund_check, next_refused_try
from kamao.business.payments.states import ATTEMPT_STATES_OPEN
from kamao.engine.cells import ALL, Cell
from kamao.engine.trade.types import RefundView
from kamao.kernel.ids import crockford

LEASE_S: Final = 60
log = logging.getLogger("kamao.payments")


def refund_number(refund_id: UUID) -> str:
    """Our number of a refund at any provider: the same for ever."""
    return f"R{crockford(refund_id)}"


def run_refunds(*, at: datetime, limit: int = 20) -> int:
    """One round of the worker: send what is due, ask about what has no final answer. Returns how many were
    touched.
    """
    sent = sum(send_due(cell, at=at, limit=limit) for cell in ALL)
    return sent + follow_up(at=at, limit=limit)


def send_due(cell: Cell, *, at: datetime, limit: int = 20) -> int:
    """Claim due refunds, write `sent` in the engine and here in one commit, then send each. Returns how
    many.
    """
    accounts = {account.key: account for account in ProviderAccount.objects.filter(cell=cell.number)}
    attempts: list[UUID] = []
    with transaction.atomic():
        for refund in trade.claim_due_refunds(cell, at=at, limit=limit):
            account = accounts.get(refund.provider)
            if account is None:
                # Nothing was sent, so this is a plain no: it waits, visibly, for the account to be set up.
                trade.answer_refund(
                    cell, refund=refund.id, answer="refused", number=refund_number(refund.id), at=at
                )
                log.error("refund %s names the unknown provider account %s", refund.id, refund.provider)
                continue
            attempts.append(_write_sent(refund, account=account, at=at))
    in_parallel(attempts, work=lambda attempt_id: send(attempt_id, at=at))
    return len(attempts)


def _write_sent(refund: RefundView, *, account: ProviderAccount, at: datetime) -> UUID:
    attempt, _ = RefundAttempt.objects.select_for_update().get_or_create(
        refund_id=refund.id,
        defaults={
            "number": refund_number(refund.id),
            "account": account,
            "cell": account.cell,
            "provider_payment_no": refund.provider_payment_no,
            "amount_minor": refund.amount_minor,
            "currency": refund.currency,
            "state": "sent",
            "created_at": at,
            "sent_at": at,
            "next_check_at": at + timedelta(seconds=LEASE_S),
        },
    )
    attempt.state = "sent"
    attempt.sends += 1
    attempt.checks = 0
    attempt.sent_at = at
    attempt.decided_at = None
    attempt.next_check_at = at + timedelta(seconds=LEASE_S)
    attempt.save()
    return attempt.id


def send(attempt_id: UUID, *, at: datetime) -> str:
    """Send (or send again, identically) a refund that is on disk as sent; returns its state afterwards."""
    attempt = RefundAttempt.objects.select_related("account").get(id=attempt_id)
    order = RefundOrder(
        attempt.number, attempt.provider_payment_no, attempt.amount_minor, attempt.currency, "refund"
    )
    answer = call_provider(
        attempt.account, act="refund", number=attempt.number, at=at, work=lambda p: p.refund(order)
    )
    absorb_refund(attempt_id, answer=answer, act="refund", at=at)
    return RefundAttempt.objects.values_list("state", flat=True).get(id=attempt_id)


def follow_up(*, at: datetime, limit: int = 20) -> int:
    """Ask about refunds without a final answer that are due to be asked, and try refused ones again."""
    with transaction.atomic():
        due = list(
            RefundAttempt.objects.select_for_update(skip_locked=True)
            .filter(next_check_at__lte=at)
            .order_by("next_check_at")
            .values_list("id", "state")[:limit]
        )
        RefundAttempt.objects.filter(id__in=[row[0] for row in due]).update(
            next_check_at=at + timedelta(seconds=LEASE_S)
        )
    refused = {attempt_id for attempt_id, state in due if state == "refused"}
    for attempt_id in refused:
        retry_refused(attempt_id, at=at)
    waiting = [attempt_id for attempt_id, _ in due if attempt_id not in refused]
    in_parallel(waiting, work=lambda attempt_id: ask(attempt_id, at=at))
    return len(due)


def ask(attempt_id: UUID, *, at: datetime) -> str:
    """Ask the provider about a refund without a final answer; returns what the answer came to."""
    attempt = RefundAttempt.objects.select_related("account").get(id=attempt_id)
    if attempt.state not in ATTEMPT_STATES_OPEN:
        return "refund_known"
    number = attempt.number
    answer = call_provider(
        attempt.account, act="refund_query", number=number, at=at, work=lambda p: p.query_refund(number)
    )
    if isinstance(answer, NotFound) and provider_of(attempt.account).capabilities.refund_is_idempotent:
        return send(attempt_id, at=at)
    return absorb_refund(attempt_id, answer=answer, act="refund_query", at=at)


def retry_refused(attempt_id: UUID, *, at: datetime) -> bool:
    """Make a refused refund due again, to be sent anew under its old number; False when it is not refused."""
    with transaction.atomic():
        attempt = RefundAttempt.objects.select_for_update().get(id=attempt_id)
        if not trade.reopen_refund(ALL[attempt.cell], refund=attempt.refund_id):
            return False
        attempt.next_check_at = None
        attempt.save()
    return True


def absorb_refund(attempt_id: UUID, *, answer: RefundQueryAnswer, act: str, at: datetime) -> str:
    """Take a provider's answer into the attempt and the engine, in one transaction; returns a notice outcome.

    A final state is never changed: an answer that contradicts it is noted and left to reconciliation.
    """
    with transaction.atomic():
        attempt = RefundAttempt.objects.select_for_update().get(id=attempt_id)
        attempt.last_answer = f"{act}: {type(answer).__name__.lower()}"
        attempt.checks += 1
        if attempt.state not in ATTEMPT_STATES_OPEN:
            attempt.save()
            return "refund_known"
        outcome = _decide(attempt, answer=answer, at=at)
        attempt.save()
    return outcome


def _decide(attempt: RefundAttempt, *, answer: RefundQueryAnswer, at: datetime) -> str:
    cell = ALL[attempt.cell]
    if isinstance(answer, RefundDone) and answer.amount_minor == attempt.amount_minor:
        trade.answer_refund(cell, refund=attempt.refund_id, answer="done", number=attempt.number, at=at)
        attempt.state, attempt.next_check_at, attempt.decided_at = "done", None, at
        return "refund_done"
    if isinstance(answer, Declined):
        trade.answer_refund(cell, refund=attempt.refund_id, answer="refused", number=attempt.number, at=at)
        attempt.state, attempt.decided_at = "refused", at
        attempt.next_check_at = next_refused_try(at, sends=attempt.sends)
        return "refund_refused"
    # Pending, unknown, not found, or done with another amount: the money's place is not known.
    if attempt.state == "sent":
        trade.answer_refund(cell, refund=attempt.refund_id, answer="in_doubt", number=attempt.number, at=at)
        attempt.state = "in_doubt"
    nothing_left = isinstance(answer, Unknown) and not answer.sent
    pending = isinstance(answer, RefundPending)
    attempt.next_check_at = next_refund_check(at, checks=0 if nothing_left or pending else attempt.checks)
    return "refund_known"
