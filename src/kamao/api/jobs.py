"""Jobs: orders on their way through the API's lanes, and what every lane does with their results.

Owns the numbers that are kept of them (metrics) and the isolation of one caller's answer from the others'.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from typing import Any

import msgspec
from prometheus_client import Counter, Histogram

from kamao.engine.trade.types import OrderRequest, SubmitResult
from kamao.kernel.errors import Refusal

_log = logging.getLogger("kamao.api.jobs")
_orders = Counter("kamao_orders_total", "Orders by outcome of the engine", ["cell", "outcome"])
_sizes = Histogram(
    "kamao_batch_orders", "Orders gathered into one engine call", ["cell"],
    buckets=(1, 2, 4, 8, 16, 32, 64, 128, 256, 512),
)  # fmt: skip
_seconds = Histogram(
    "kamao_batch_seconds", "Time of one engine call with its commit", ["cell"],
    buckets=(0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 1, 5),
)  # fmt: skip


class Job(msgspec.Struct, gc=False):
    """Orders that arrived together, with what turns their results into the caller's answer.

    ``render`` runs in the lane's thread after the commit, so that sealed codes are opened off the event loop;
    ``deliver`` gets what it made, or the exception, on ``loop``.
    """

    orders: list[OrderRequest]
    render: Callable[[Sequence[SubmitResult]], Any]
    deliver: Callable[[Any], None]
    loop: asyncio.AbstractEventLoop
    queued_at: float

    def rendered(self, results: Sequence[SubmitResult]) -> Any:
        """Return the caller's answer; a fault in making it is the caller's alone."""
        try:
            return self.render(results)
        except Exception:  # noqa: BLE001  isolation point: the orders are committed; the caller must hear so
            _log.exception("an answer could not be made")
            return Refusal("internal")

    def hand_over(self, answer: Any) -> None:
        """Deliver an answer on the job's loop."""
        try:
            self.deliver(answer)
        except Exception:  # noqa: BLE001  isolation point: the others' answers must not be lost with one
            _log.exception("an answer could not be handed over")


def resolve(future: "asyncio.Future[Any]", answer: Any) -> None:
    """Give a future its answer, or the exception that the answer is."""
    if future.done():
        return
    if isinstance(answer, BaseException):
        future.set_exception(answer)
    else:
        future.set_result(answer)


def count(results: Sequence[SubmitResult], *, cell: str, seconds: float) -> None:
    """Keep the numbers of one engine call."""
    _sizes.labels(cell).observe(len(results))
    _seconds.labels(cell).observe(seconds)
    counts: dict[str, int] = {}
    for result in results:
        counts[result.outcome] = counts.get(result.outcome, 0) + 1
    for outcome, number in counts.items():
        _orders.labels(cell, outcome).inc(number)
