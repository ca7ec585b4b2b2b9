"""The worker's rounds for payments, refunds, reconciliation and what compliance forgets. Decides nothing
itself.

Each loop is a thread with a Django connection of its own, kept open between rounds and dropped after a
failing one, so that a restarted database is met with a fresh connection.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime

from django.db import connection

from kamao.business.payments import worker_loops
from kamao.worker.context import WorkerContext

PAYMENTS_PAUSE_S = 1.0
REFUNDS_PAUSE_S = 1.0
RECONCILE_PAUSE_S = 900.0
FORGET_PAUSE_S = 600.0


@contextmanager
def _fresh_after_failure() -> Iterator[None]:
    try:
        yield
    except BaseException:
        connection.close()
        raise


def _round(work: Callable[..., int], *, at: datetime) -> int:
    with _fresh_after_failure():
        return work(at=at)


def follow_payments(context: WorkerContext) -> int:
    """Expire unpaid purchases, ask about live payment orders."""
    return _round(worker_loops.follow_payments, at=context.clock.now())


def follow_refunds(context: WorkerContext) -> int:
    """Send due refunds, ask about open ones."""
    return _round(worker_loops.follow_refunds, at=context.clock.now())


def reconcile(context: WorkerContext) -> int:
    """Compare yesterday's bills; an account that is done is not done again, so this never spins."""
    return _round(worker_loops.reconcile_yesterday, at=context.clock.now())


def forget(context: WorkerContext) -> int:
    """Delete counters, challenges and codes past their life."""
    return _round(worker_loops.forget_expired, at=context.clock.now())
