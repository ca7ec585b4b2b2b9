"""Payment intents: from "pay" to the provider's page, and from the provider's answer to the engine.

Owns the intent's states. `sent` and `closing` are committed by compare-and-set before the socket opens.
Every answer goes through `absorb`, whoever asked: the buyer's press, the waiting page, the worker. Refuses
to believe a browser.
"""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import msgspec
from django.db import transaction
from django.db.models import Q

from kamao.business.payments import trade
from kamao.business.payments.calls import call_provider, in_parallel
from kamao.business.payments.errors import (
    PAYMENT_ACCOUNT_NOT_FOUND,
    PAYMENT_UNAVAILABLE,
    PURCHASE_EXPIRED,
    PURCHASE_PAID,
)
from kamao.business.payments.models import PaymentIntent, ProviderAccount
from kamao.business.payments.port import (
    ArrivedMoney,
    Closed,
    CollectionOrder,
    Declined,
    NotFound,
    Opened,
    Paid,
    QueryAnswer,
    Unknown,
)
from kamao.business.payments.schedule import next_close, next_query
from kamao.business.payments.states import INTENT_STATES_LIVE
from kamao.engine.cells import ALL, LIVE, Cell
from kamao.engine.trade.types import PaymentOutcome
from kamao.kernel.errors import Refusal
from kamao.kernel.ids import crockford, new_uuid7

Answer = Opened | Paid | Closed | Declined | NotFound | Unknown
LEASE_S: Final = 60
"""A caller that died between `sent` and the answer is followed up after this long."""
LAST_MOMENT_S: Final = 5
"""No payment is begun this close to a purchase's end: nobody pays that fast."""
POLL_S: Final = 3
"""The waiting page makes us ask the provider at most this often."""
_NOT_FOUND_CHECKS: Final = 2
_NOT_FOUND_AFTER_S: Final = 120


class PurchaseToPay(msgspec.Struct, frozen=True):
    """What a buyer is about to pay: the engine's purchase, its whole amount, when its reservation ends."""

    id: UUID
    merchant: UUID
    cell: int
    amount_minor: int
    currency: str
    expires_at: datetime
    subject: str


class PayPage(msgspec.Struct, frozen=True):
    """Where to send the buyer. `url` is also the content of the QR code; `is_test` asks for the sandbox
    mark.
    """

    number: str
    url: str
    expires_at: datetime
    is_test: bool
    provider_name: str


def begin_payment(
    purchase: PurchaseToPay, *, account: ProviderAccount, at: datetime, notify_url: str, return_url: str
) -> PayPage:
    """Open (or find) the collection order of a purchase and return the pay page. Repeating is harmless.

    Must run outside a transaction. Raises Refusal `purchase_expired`, `purchase_paid` or
    `payment_unavailable`.
    """
    if at >= purchase.expires_at - timedelta(seconds=LAST_MOMENT_S):
        raise Refusal(PURCHASE_EXPIRED.code)
    if (account.cell, account.currency) != (purchase.cell, purchase.currency):
        raise Refusal(PAYMENT_ACCOUNT_NOT_FOUND.code)
    with transaction.atomic():
        view = trade.purchase_view(ALL[purchase.cell], purchase=purchase.id)
    if view is None or view.state != "awaiting_payment":
        raise Refusal((PURCHASE_PAID if view is not None and view.state == "paid" else PURCHASE_EXPIRED).code)
    intent = _live_intent(purchase, account=account, at=at, notify_url=notify_url, return_url=return_url)
    if intent.state == "sent":
        order = CollectionOrder(
            intent.number,
            intent.amount_minor,
            intent.currency,
            intent.subject,
            intent.expires_at,
            intent.notify_url,
            intent.return_url,
        )
        answer = call_provider(
            account, act="create", number=intent.number, at=at, work=lambda p: p.create(order)
        )
        intent = absorb(intent.id, answer=answer, act="create", at=at)
    if intent.state == "open":
        return PayPage(intent.number, intent.pay_url, intent.expires_at, account.is_test, account.name)
    if intent.state == "paid":
        return PayPage(intent.number, intent.return_url, intent.expires_at, account.is_test, account.name)
    raise Refusal((PURCHASE_EXPIRED if intent.state in {"closing", "closed"} else PAYMENT_UNAVAILABLE).code)


def _live_intent(
    purchase: PurchaseToPay, *, account: ProviderAccount, at: datetime, notify_url: str, return_url: str
) -> PaymentIntent:
    """The live intent of this purchase at this account, written as `sent` when there is none yet."""
    fresh = new_uuid7()
    row = PaymentIntent(
        id=fresh,
        number=f"P{crockford(fresh)}",
        account=account,
        cell=purchase.cell,
        purchase_id=purchase.id,
        amount_minor=purchase.amount_minor,
        currency=purchase.currency,
        subject=purchase.subject[:120],
        return_url=return_url,
        notify_url=notify_url,
        state="sent",
        expires_at=purchase.expires_at,
        next_check_at=at + timedelta(seconds=LEASE_S),
        created_at=at,
    )
    # Two presses of "pay" at once: the unique index lets one row in, and both go on with that one.
    PaymentIntent.objects.bulk_create([row], ignore_conflicts=True)
    intent = PaymentIntent.objects.filter(
        purchase_id=purchase.id, account=account, state__in=sorted(INTENT_STATES_LIVE)
    ).first()
    if intent is None:
        # The one in the way was finished in this very moment: by a payment, or by expiry.
        raise Refusal(PAYMENT_UNAVAILABLE.code)
    return intent


def absorb(intent_id: UUID, *, answer: Answer, act: str, at: datetime) -> PaymentIntent:
    """Take a provider's answer about an intent into our books, in one transaction; returns the intent as it
    is then.

    An answer that contradicts a final state changes nothing but still books money that arrived.
    """
    with transaction.atomic():
        intent = PaymentIntent.objects.select_for_update().select_related("account").get(id=intent_id)
        if isinstance(answer, Paid):
            book_arrivals(intent.account, intent=intent, arrivals=answer.arrivals, at=at)
        elif intent.state in INTENT_STATES_LIVE:
            _move(intent, answer=answer, act=act, at=at)
        intent.last_answer = f"{act}: {type(answer).__name__.lower()}"
        intent.checks += 1
        intent.save()
        if intent.state == "closed":
            end_if_over(intent.purchase_id, cell=ALL[intent.cell], at=at)
    return intent


def book_arrivals(
    account: ProviderAccount,
    *,
    intent: PaymentIntent | None,
    arrivals: tuple[ArrivedMoney, ...],
    at: datetime,
) -> list[PaymentOutcome]:
    """Hand arrived money to the engine in the open transaction and finish the intent it was for."""
    purchase = None if intent is None else intent.purchase_id
    outcomes = trade.apply_arrivals(account, purchase=purchase, arrivals=arrivals, at=at)
    if intent is not None and intent.state in INTENT_STATES_LIVE:
        intent.state = "paid"
        intent.next_check_at = None
        intent.closed_at = at
        intent.save()
    return outcomes


def _move(intent: PaymentIntent, *, answer: Answer, act: str, at: datetime) -> None:
    """Apply an answer without money to a live intent."""
    if isinstance(answer, Opened):
        intent.provider_order_no = answer.provider_order_no
        intent.pay_url = answer.pay_url
        if intent.state == "sent":
            intent.state = "open"
        intent.next_check_at = _next(intent, at=at)
    elif isinstance(answer, Closed) or (isinstance(answer, NotFound) and _is_gone(intent, at=at)):
        intent.state, intent.next_check_at, intent.closed_at = "closed", None, at
    elif isinstance(answer, Declined) and act == "create":
        intent.state, intent.next_check_at, intent.closed_at = "refused", None, at
    else:
        intent.next_check_at = _next(intent, at=at)


def _next(intent: PaymentIntent, *, at: datetime) -> datetime:
    if intent.state == "closing":
        return next_close(at, checks=intent.checks)
    return next_query(at, checks=intent.checks, expires_at=intent.expires_at)


def _is_gone(intent: PaymentIntent, *, at: datetime) -> bool:
    """A number the provider never saw is dead only when no create of ours can still be on its way, read
    twice.
    """
    late = at >= intent.expires_at + timedelta(seconds=_NOT_FOUND_AFTER_S)
    return late and intent.checks >= _NOT_FOUND_CHECKS


def end_if_over(purchase_id: UUID, *, cell: Cell, at: datetime) -> bool:
    """End a purchase that is past its time once none of its intents can take money any more; in the open
    transaction.

    Returns whether it ended now. The engine refuses by itself where money arrived meanwhile.
    """
    if PaymentIntent.objects.filter(purchase_id=purchase_id, state__in=sorted(INTENT_STATES_LIVE)).exists():
        return False
    view = trade.purchase_view(cell, purchase=purchase_id)
    if view is None or view.state != "closing":
        return False
    return trade.end_purchases_of(cell, purchases=[purchase_id], state="expired", actor="expiry", at=at) == [
        "done"
    ]


def expire_purchases(*, at: datetime, limit: int = 200) -> int:
    """One round of the worker: purchases past their time are closed at their providers first, then released.

    A purchase whose provider answers "paid" becomes paid; one whose provider does not answer keeps its
    reservation and is asked again by `follow_up`. Returns how many were released at once.
    """
    released = 0
    for cell in ALL:
        with transaction.atomic():
            purchases = trade.claim_expired(cell, at=at, limit=limit)
        if not purchases:
            continue
        theirs = PaymentIntent.objects.filter(purchase_id__in=purchases)
        theirs.filter(state__in=["sent", "open"]).update(state="closing", next_check_at=at, checks=0)
        with transaction.atomic():
            live = theirs.filter(state__in=sorted(INTENT_STATES_LIVE)).values_list("purchase_id", flat=True)
            waiting = set(live)
            dead = [purchase for purchase in purchases if purchase not in waiting]
            outcomes = trade.end_purchases_of(cell, purchases=dead, state="expired", actor="expiry", at=at)
            released += outcomes.count("done")
    return released


def follow_up(*, at: datetime, limit: int = 50) -> int:
    """One round of the worker: ask about live intents that are due, close those past their time.

    Returns how many were looked at.
    """
    with transaction.atomic():
        due = list(
            PaymentIntent.objects.select_for_update(skip_locked=True)
            .filter(state__in=sorted(INTENT_STATES_LIVE), next_check_at__lte=at)
            .order_by("next_check_at")[:limit]
        )
        ids = [intent.id for intent in due]
        # The lease: another worker leaves these alone, and they come back by themselves if this one dies.
        PaymentIntent.objects.filter(id__in=ids).update(next_check_at=at + timedelta(seconds=LEASE_S))
    in_parallel(ids, work=lambda intent_id: follow_up_one(intent_id, at=at))
    return len(ids)


def follow_up_one(intent_id: UUID, *, at: datetime) -> PaymentIntent:
    """Query an intent, or close it when its time is over; `closing` is on disk before the call goes out."""
    PaymentIntent.objects.filter(
        Q(id=intent_id), Q(state__in=["sent", "open"]), Q(expires_at__lte=at)
    ).update(state="closing")
    intent = PaymentIntent.objects.select_related("account").get(id=intent_id)
    if intent.state not in INTENT_STATES_LIVE:
        return intent
    number = intent.number
    if intent.state != "closing":
        return query_now(intent_id, at=at)
    answer = call_provider(intent.account, act="close", number=number, at=at, work=lambda p: p.close(number))
    return absorb(intent_id, answer=answer, act="close", at=at)


def ask(account: ProviderAccount, *, number: str, at: datetime) -> QueryAnswer:
    """Ask a provider about one of our numbers."""
    return call_provider(account, act="query", number=number, at=at, work=lambda p: p.query(number))


def query_now(intent_id: UUID, *, at: datetime) -> PaymentIntent:
    """Ask the provider about one intent and take its answer in, whatever state the intent is in."""
    intent = PaymentIntent.objects.select_related("account").get(id=intent_id)
    answer = ask(intent.account, number=intent.number, at=at)
    return absorb(intent_id, answer=answer, act="query", at=at)


def recheck(purchase_id: UUID, *, at: datetime) -> int:
    """Ask the provider about a purchase's live intents now (补单): for the waiting page and for staff.

    Asks each intent at most once in `POLL_S` seconds across all processes. Returns how many were asked.
    """
    live = PaymentIntent.objects.filter(
        purchase_id=purchase_id, state__in=["sent", "open"], expires_at__gt=at
    )
    asked = 0
    for intent_id in live.order_by("id").values_list("id", flat=True):
        rested = Q(polled_at__isnull=True) | Q(polled_at__lte=at - timedelta(seconds=POLL_S))
        # Whoever moves the mark asks; everyone else has an answer at most POLL_S old.
        if PaymentIntent.objects.filter(rested, id=intent_id).update(polled_at=at):
            follow_up_one(intent_id, at=at)
            asked += 1
    return asked


def cancel_purchase(purchase_id: UUID, *, at: datetime, cell: Cell = LIVE, actor: str = "buyer") -> bool:
    """Give an unpaid purchase up at the buyer's wish: close what is open at the providers, then release the
    reservation.

    Returns whether it is released; False when money arrived meanwhile or an answer is unknown (the worker
    goes on asking, and the reservation stays until then).
    """
    live = PaymentIntent.objects.filter(purchase_id=purchase_id, state__in=["sent", "open"])
    live.update(state="closing", next_check_at=at + timedelta(seconds=LEASE_S), checks=0)
    closing = PaymentIntent.objects.filter(purchase_id=purchase_id, state="closing").order_by("id")
    for intent_id in list(closing.values_list("id", flat=True)):
        follow_up_one(intent_id, at=at)
    with transaction.atomic():
        if PaymentIntent.objects.filter(
            purchase_id=purchase_id, state__in=sorted(INTENT_STATES_LIVE)
        ).exists():
            return False
        return trade.end_purchases_of(
            cell, purchases=[purchase_id], state="cancelled", actor=actor, at=at
        ) == ["done"]
