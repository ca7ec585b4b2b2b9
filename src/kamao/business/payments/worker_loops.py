"""What the worker runs again and again for payments: one bounded round each, given the time. Schedules live
in the worker.
"""

from datetime import datetime, timedelta

from kamao.business.compliance import captcha, limits, phone_codes
from kamao.business.payments import intents, refunds
from kamao.business.payments.models import Bill, ProviderAccount
from kamao.business.payments.reconciliation import reconcile
from kamao.kernel.clock import BUSINESS_ZONE

_SETTLED_AT = timedelta(hours=1)
"""A day's bill is fetched from one hour after midnight, business time."""


def follow_payments(*, at: datetime) -> int:
    """Expire purchases past their time and ask about live intents. Returns how many were touched."""
    return intents.expire_purchases(at=at) + intents.follow_up(at=at)


def follow_refunds(*, at: datetime) -> int:
    """Send due refunds and ask about open ones."""
    return refunds.run_refunds(at=at)


def reconcile_yesterday(*, at: datetime) -> int:
    """Reconcile each account's previous business day once its bill is final. Returns how many accounts were
    done.
    """
    local = (at - _SETTLED_AT).astimezone(BUSINESS_ZONE)
    day = local.date() - timedelta(days=1)
    done = 0
    for account in ProviderAccount.objects.filter(is_enabled=True, created_at__lte=at):
        if account.created_at.astimezone(BUSINESS_ZONE).date() > day:
            continue
        if not Bill.objects.filter(account=account, day=day, is_final=True).exists():
            done += reconcile(account, day=day, at=at).is_final
    return done


def forget_expired(*, at: datetime) -> int:
    """Delete counters, challenges and codes past their life."""
    return limits.forget_expired(at=at) + captcha.forget_expired(at=at) + phone_codes.forget_expired(at=at)
