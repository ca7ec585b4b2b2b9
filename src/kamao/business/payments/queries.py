"""Reading payments: what happened to one purchase, what waits for a person. Changes nothing."""

from datetime import datetime
from uuid import UUID

import msgspec

from kamao.business.payments.models import Notice, PaymentIntent, ProviderCall, RefundAttempt
from kamao.business.payments.states import INTENT_STATES_LIVE


class Happening(msgspec.Struct, frozen=True):
    """One line of a purchase's payment story; `what` is a stable word (`created`, `called`, `notified`,
    `refunded`).
    """

    at: datetime
    what: str
    number: str
    detail: str


def payment_story(purchase: UUID) -> list[Happening]:
    """Everything between a purchase and its providers, in order of time: for staff, never for the buyer."""
    intents = list(PaymentIntent.objects.filter(purchase_id=purchase).order_by("id"))
    numbers = [intent.number for intent in intents]
    story = [Happening(intent.created_at, "created", intent.number, intent.state) for intent in intents]
    for call in ProviderCall.objects.filter(number__in=numbers):
        story.append(
            Happening(call.at, "called", call.number, f"{call.act}: {call.answer} {call.detail}".strip())
        )
    for notice in Notice.objects.filter(number__in=numbers):
        detail = f"{notice.outcome} {notice.reason} ×{notice.copies}".replace("  ", " ")
        story.append(Happening(notice.received_at, "notified", notice.number, detail))
    return sorted(story, key=lambda line: (line.at, line.what, line.number))


def refunds_waiting(*, older_than: datetime) -> list[RefundAttempt]:
    """Refunds without a good end that were sent before a moment: refused or in doubt, oldest first."""
    rows = RefundAttempt.objects.filter(state__in=["sent", "in_doubt", "refused"], sent_at__lt=older_than)
    return list(rows.select_related("account").order_by("sent_at", "id"))


def payments_waiting(*, older_than: datetime) -> list[PaymentIntent]:
    """Intents past their time that no provider answer has finished: their reservations are still held."""
    rows = PaymentIntent.objects.filter(state__in=sorted(INTENT_STATES_LIVE), expires_at__lt=older_than)
    return list(rows.select_related("account").order_by("expires_at", "id"))
