"""Problem details (RFC 9457): how every "no" of the API looks, in which language, with which headers.

Owns the codes that only the API answers with. Refuses to show what an unexpected fault says: a caller gets
``internal`` and a request id, the log gets the traceback.
"""

from collections.abc import Iterable
from functools import lru_cache
from typing import Final

import msgspec

# The shops' own codes exist before this module adds what is missing: a code has one text, from whoever owns
# it.
import kamao.business.shops.refusals  # noqa: F401
from kamao.api.contract.common import FieldProblem, Problem
from kamao.business.shops import refusals as shop_refusals
from kamao.kernel.errors import PROBLEMS, Refusal, problem

PROBLEM_TYPE: Final = b"application/problem+json"
RETRY_AFTER_S: Final = 1
"""What an overloaded node asks for when nothing better is known."""

_encode = msgspec.json.Encoder().encode
assert shop_refusals.SHOP_NOT_FOUND.status == 404, "the shops' own codes are registered before ours"

_THINGS: Final = (
    ("order", "订单", "order"),
    ("sku", "商品", "SKU"),
    ("category", "分类", "category"),
    ("topup", "充值单", "top-up"),
    ("webhook_endpoint", "通知地址", "webhook endpoint"),
    ("event", "事件", "event"),
    ("api_key", "密钥", "API key"),
    ("offer", "供货报价", "offer"),
    ("lot", "批次", "lot"),
    ("fulfilment", "履约任务", "fulfilment"),
    ("payout", "提现单", "payout"),
    ("purchase", "购买单", "purchase"),
)


def _register_not_found() -> None:
    for thing, zh, en in _THINGS:
        if f"{thing}_not_found" not in PROBLEMS:
            problem(
                f"{thing}_not_found", 404, title_zh=f"未找到{zh}", title_en=f"No such {en}",
                detail_zh=f"没有这个{zh}，或不属于您；请检查编号与密钥的模式（正式/测试）。",
                detail_en=f"There is no such {en}, or it is not yours; check the id and the mode of the key.",
            )  # fmt: skip


def _register(code: str, status: int, *, titles: tuple[str, str], details: tuple[str, str]) -> None:
    if code not in PROBLEMS:
        problem(
            code, status, title_zh=titles[0], title_en=titles[1], detail_zh=details[0], detail_en=details[1]
        )


_register_not_found()
_register(
    "reference_conflict", 409, titles=("单号冲突", "Reference conflict"),
    details=("该 reference 已用于内容不同的订单；新订单请换用新的 reference。",
             "This reference belongs to an order with other content; use a new reference for a new order."),
)  # fmt: skip
_register(
    "price_above_limit", 409, titles=("超出限价", "Price above the limit"),
    details=("现价高于您给出的上限，未下单；请查询最新价格后重试。",
             "The price is above your limit and nothing was bought; ask for a quote and try again."),
)  # fmt: skip
_register(
    "insufficient_balance", 402, titles=("余额不足", "Insufficient balance"),
    details=("预存款余额不足，未下单；请充值后用同一 reference 重试。",
             "The wallet does not cover the order and nothing was bought; top up and repeat the reference."),
)  # fmt: skip
_register(
    "out_of_stock", 409, titles=("库存不足", "Out of stock"),
    details=("库存不足，未扣款；请减少数量或稍后用同一 reference 重试。",
             ("There is not enough stock and nothing was charged; ask for less or repeat the "
              "reference later.")),
)  # fmt: skip
_register(
    "not_sellable", 409, titles=("暂不可售", "Not sellable"),
    details=("该商品暂不可售，未扣款；请选择其他商品。",
             "This SKU cannot be sold at present and nothing was charged; choose another."),
)  # fmt: skip
_register(
    "state_conflict", 409, titles=("状态冲突", "State conflict"),
    details=("当前状态不允许此操作；请先查询最新状态。",
             "The present state does not allow this; read the object again first."),
)  # fmt: skip
_register(
    "rule_conflict",
    409,
    titles=("规则自相矛盾", "The rule contradicts itself"),
    details=(
        "各字段合起来无法成立（例如下限高于上限），请按 errors 修改后重发。",
        "Its fields cannot hold together (a floor above its ceiling, for one); see errors and send it again.",
    ),
)


class ParameterRefusal(Refusal):
    """A wrong parameter of path or query; ``parameters`` are (name, zh, en)."""

    def __init__(self, parameters: Iterable[tuple[str, str, str]]) -> None:
        super().__init__("invalid")
        self.parameters = tuple(parameters)


def missing(thing: str) -> Refusal:
    """Return the refusal for a row that is absent or somebody else's: callers cannot tell which."""
    return Refusal(f"{thing}_not_found")


@lru_cache(maxsize=512)
def language_of(accept_language: bytes) -> str:
    """Return ``zh`` or ``en`` for an Accept-Language header; Chinese unless English is wanted more."""
    best, best_weight = "zh", 0.0
    for part in accept_language[:256].decode("latin-1").split(","):
        tag, _, parameters = part.strip().partition(";")
        language = tag.strip().lower()[:2]
        if language not in {"zh", "en"}:
            continue
        weight = 1.0
        name, _, value = parameters.strip().partition("=")
        if name.strip() == "q":
            try:
                weight = float(value)
            except ValueError:
                weight = 0.0
        if weight > best_weight:
            best, best_weight = language, weight
    return best


def problem_of(refusal: Refusal, *, language: str, request_id: str) -> Problem:
    """Return a refusal as the object that the caller sees."""
    chinese = language == "zh"
    errors = [
        FieldProblem(detail=zh if chinese else en, pointer=pointer) for pointer, zh, en in refusal.pointers
    ]
    if isinstance(refusal, ParameterRefusal):
        errors += [
            FieldProblem(detail=zh if chinese else en, parameter=name) for name, zh, en in refusal.parameters
        ]
    return Problem(
        type=f"/api/docs#{refusal.code}",
        title=refusal.problem.title(language),
        status=refusal.status,
        detail=refusal.message(language),
        code=refusal.code,
        request_id=request_id,
        errors=errors,
    )


def problem_bytes(refusal: Refusal, *, language: str, request_id: str) -> bytes:
    """Return a refusal as the bytes of its JSON."""
    return _encode(problem_of(refusal, language=language, request_id=request_id))


def extra_headers(refusal: Refusal) -> list[tuple[bytes, bytes]]:
    """Return the headers that go with a refusal: how to authenticate, when to come back."""
    if refusal.status == 401:
        return [(b"www-authenticate", b'Bearer realm="kamao"')]
    if refusal.status in {429, 503}:
        return [(b"retry-after", str(refusal.retry_after_s or RETRY_AFTER_S).encode())]
    return []
