"""What is forgotten after its time: stored replies of the API, counted attempts at shops' doors."""

from datetime import timedelta

from kamao.business.idempotency.operations import remove_old_replies
from kamao.business.shops.attempts import forget_attempts
from kamao.worker.context import WorkerContext

PAUSE_S = 900.0
_ATTEMPTS_KEPT = timedelta(days=2)


def forget_old(context: WorkerContext) -> int:
    """Remove one batch of each; returns 0, so that the loop pauses."""
    at = context.clock.now()
    remove_old_replies(at=at)
    forget_attempts(before=at - _ATTEMPTS_KEPT)
    return 0
