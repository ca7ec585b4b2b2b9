"""The inbox of provider notices: check, store once, compare, book, and only then say "received".

Owns deduplication and the comparison of merchant, order and currency. A notice is stored in the same
transaction as what it caused; if this process dies in between, nothing is stored, nothing is answered, and
the provider repeats it. Refuses to answer "received" to what it did not keep, and to believe a notice that
is unsigned or does not fit: that order is queried.
"""

import hashlib
from collections.abc import Mapping
from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec
from django.db import transaction
from django.db.models import F

from kamao.business.payments import intents
from kamao.business.payments.calls import provider_of
from kamao.business.payments.models import (
    Notice as NoticeRow,
)
from kamao.business.payments.models import PaymentIntent, ProviderAccount, RefundAttempt, RejectedNotice
from kamao.business.payments.port import Forged, Paid, PaymentNotice, RefundNotice, UnsignedNotice
from kamao.business.payments.refunds import absorb_refund
from kamao.business.payments.states import INTENT_STATES_LIVE

BODY_BYTES_MAX: Final = 64 * 1024
_REJECTED_KEPT: Final = 300


class Receipt(msgspec.Struct, frozen=True):
    """What to answer: HTTP status, and the stored outcome (empty for refused notices)."""

    status: int
    outcome: str = ""


def receive(
    account_id: UUID, *, headers: Mapping[str, str], body: bytes, source: str, at: datetime
) -> Receipt:
    """Take one notice. 200: kept (also for the tenth copy) · 401: not authentic · 404: no such account ·
    413: too long.

    `headers` have lower-case names; `source` is the sender's address, kept for refused notices only.
    """
    account = ProviderAccount.objects.filter(id=account_id).first()
    if account is None:
        return Receipt(404)
    if len(body) > BODY_BYTES_MAX:
        return Receipt(413)
    notice = provider_of(account).verify_notification(headers, body, at=at)
    if isinstance(notice, Forged):
        _note_rejected(account, reason=notice.reason, body=body, source=source, at=at)
        return Receipt(401)
    if isinstance(notice, UnsignedNotice) or (
        isinstance(notice, PaymentNotice) and not _fits(account, notice)
    ):
        return _confirm_by_query(account, notice, body=body, source=source, at=at)
    with transaction.atomic():
        row = _store_once(account, event_id=notice.event_id, number=_number(notice), body=body, at=at)
        if row is None:
            return Receipt(200, "repeated")
        if isinstance(notice, PaymentNotice):
            row.outcome, row.reason = _book_payment(account, notice, at=at)
        else:
            row.outcome = _book_refund(account, notice, at=at)
        row.save()
    return Receipt(200, row.outcome)


def _number(notice: PaymentNotice | RefundNotice) -> str:
    return notice.number[:64]


def _store_once(
    account: ProviderAccount, *, event_id: str, number: str, body: bytes, at: datetime
) -> NoticeRow | None:
    """The row of a new event, locked by its insert; None (and counted) when the event is known already.

    A concurrent copy waits here for the first one's transaction and then finds it.
    """
    row = NoticeRow(
        account=account,
        event_id=event_id[:80],
        number=number,
        body=body.decode("utf-8", "replace").replace("\x00", ""),
        outcome="unknown_number",
        received_at=at,
        last_received_at=at,
    )
    NoticeRow.objects.bulk_create([row], ignore_conflicts=True)
    kept = NoticeRow.objects.select_for_update().get(account=account, event_id=event_id[:80])
    if kept.id == row.id:
        return kept
    NoticeRow.objects.filter(id=kept.id).update(copies=F("copies") + 1, last_received_at=at)
    return None


def _book_payment(account: ProviderAccount, notice: PaymentNotice, *, at: datetime) -> tuple[str, str]:
    """Let the engine judge the arrival: amount, currency and purchase are compared there, under the
    purchase's lock.
    """
    intent = PaymentIntent.objects.select_for_update().filter(account=account, number=notice.number).first()
    outcomes = intents.book_arrivals(account, intent=intent, arrivals=(notice.arrival,), at=at)
    return outcomes[0].outcome, outcomes[0].reason[:80]


def _book_refund(account: ProviderAccount, notice: RefundNotice, *, at: datetime) -> str:
    attempt = RefundAttempt.objects.filter(account=account, number=notice.number).first()
    if attempt is None:
        return "unknown_number"
    return absorb_refund(attempt.id, answer=notice.answer, act="notice", at=at)


def _fits(account: ProviderAccount, notice: PaymentNotice) -> bool:
    """Whether a signed notice says exactly what was asked: our live order, its amount, its currency."""
    intent = PaymentIntent.objects.filter(account=account, number=notice.number).first()
    arrival = notice.arrival
    asked = intent is not None and (intent.amount_minor, intent.currency) == (
        arrival.amount_minor,
        arrival.currency,
    )
    return asked and intent is not None and intent.state in INTENT_STATES_LIVE


def _confirm_by_query(
    account: ProviderAccount,
    notice: UnsignedNotice | PaymentNotice,
    *,
    body: bytes,
    source: str,
    at: datetime,
) -> Receipt:
    """A notice that is unsigned, or signed but odd, is a hint: the order is queried and only the answer is
    booked.

    Without a confirmed payment nothing is kept and the provider is asked to repeat its notice (503).
    """
    number = notice.number[:64]
    answer = intents.ask(account, number=number, at=at)
    if not isinstance(answer, Paid):
        _note_rejected(account, reason="unconfirmed", body=body, source=source, at=at)
        return Receipt(503, "confirmed_nothing")
    with transaction.atomic():
        row = _store_once(account, event_id=notice.event_id, number=number, body=body, at=at)
        if row is None:
            return Receipt(200, "repeated")
        intent = PaymentIntent.objects.select_for_update().filter(account=account, number=number).first()
        outcomes = intents.book_arrivals(account, intent=intent, arrivals=answer.arrivals, at=at)
        # The arrival this notice told of, or the last one where the notice named none.
        told = notice.arrival.provider_payment_no if isinstance(notice, PaymentNotice) else ""
        names = [arrival.provider_payment_no for arrival in answer.arrivals]
        chosen = outcomes[names.index(told)] if told in names else outcomes[-1]
        row.outcome, row.reason = chosen.outcome, chosen.reason[:80]
        row.save()
    return Receipt(200, row.outcome)


def _note_rejected(account: ProviderAccount, *, reason: str, body: bytes, source: str, at: datetime) -> None:
    """Count a refused notice by its content, keeping only the newest per account: an attacker must not fill
    a disk.
    """
    digest = hashlib.sha256(body).digest()
    with transaction.atomic():
        row = RejectedNotice(
            account=account,
            digest=digest,
            reason=reason[:20],
            source=source[:64],
            copies=0,
            first_at=at,
            last_at=at,
        )
        RejectedNotice.objects.bulk_create([row], ignore_conflicts=True)
        RejectedNotice.objects.filter(account=account, digest=digest).update(
            copies=F("copies") + 1, last_at=at
        )
        kept = RejectedNotice.objects.filter(account=account).order_by("-last_at", "-id")
        edge = kept.values_list("last_at", flat=True)[_REJECTED_KEPT : _REJECTED_KEPT + 1]
        for oldest in edge:
            RejectedNotice.objects.filter(account=account, last_at__lte=oldest).delete()
