"""What turns the results of placed orders into their answers; runs in a lane, after the commit."""

from collections.abc import Callable, Sequence

import msgspec

from kamao.api.contract.orders import BatchAnswer, BatchItem, OrderRequest
from kamao.api.errors import problem_bytes, problem_of
from kamao.api.order_forms import order_json
from kamao.api.orders import encode_json, refusal_of, status_of
from kamao.engine.trade import types as engine
from kamao.kernel.errors import Refusal
from kamao.kernel.sealing import Keyring

Answer = tuple[int, bytes, Refusal | None]
"""Status, body and, for a refused order, why."""


def single_renderer(
    keyring: Keyring | None, *, language: str, request_id: str, target: dict[str, str] | None
) -> Callable[[Sequence[engine.SubmitResult]], Answer]:
    """Return what turns the one result of ``POST /orders`` into its answer."""

    def render(results: Sequence[engine.SubmitResult]) -> Answer:
        result = results[0]
        if result.order is not None:
            body = order_json(result.order, keyring=keyring, target=target)
            return status_of(result.outcome), body, None
        refusal = refusal_of(result.outcome)
        return refusal.status, problem_bytes(refusal, language=language, request_id=request_id), refusal

    return render


def batch_renderer(
    orders: Sequence[OrderRequest], keyring: Keyring | None, *, language: str, request_id: str
) -> Callable[[Sequence[engine.SubmitResult]], bytes]:
    """Return what turns the results of a batch into its body."""

    def render(results: Sequence[engine.SubmitResult]) -> bytes:
        items = []
        for request, result in zip(orders, results, strict=True):
            if result.order is not None:
                order = msgspec.Raw(order_json(result.order, keyring=keyring, target=request.target))
                items.append(BatchItem(status_of(result.outcome), order=order))  # type: ignore[arg-type]
            else:
                refusal = refusal_of(result.outcome)
                problem = problem_of(refusal, language=language, request_id=request_id)
                items.append(BatchItem(refusal.status, problem=problem))
        return encode_json(BatchAnswer(items))

    return render
