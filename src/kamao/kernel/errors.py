"""The two kinds of "no" a caller can see: outcomes (data) and refusals (exceptions), with their texts.

Owns the registry of stable codes with HTTP status and text in Chinese and English; the documentation is
generated from it. Refuses a code without both languages. Transient faults and bugs are not here: they are not
answers.
"""

from typing import Final

import msgspec


class Problem(msgspec.Struct, frozen=True):
    """A stable error code: HTTP status, short title and what to do next, in both languages."""

    code: str
    status: int
    title_zh: str
    title_en: str
    detail_zh: str
    detail_en: str

    def title(self, language: str) -> str:
        """Return the title in ``zh`` or ``en``."""
        return self.title_zh if language.startswith("zh") else self.title_en

    def detail(self, language: str) -> str:
        """Return the next step in ``zh`` or ``en``."""
        return self.detail_zh if language.startswith("zh") else self.detail_en


PROBLEMS: Final[dict[str, Problem]] = {}


def problem(
    code: str, status: int, *, title_zh: str, title_en: str, detail_zh: str, detail_en: str
) -> Problem:
    """Register a code once; called at import time beside what raises it."""
    if code in PROBLEMS:
        raise ValueError(f"the code {code} is registered twice")
    entry = Problem(code, status, title_zh, title_en, detail_zh, detail_en)
    PROBLEMS[code] = entry
    return entry


class Refusal(Exception):
    """What a caller did wrong: a registered code, and optionally a sentence of its own in both languages.

    ``pointers`` are JSON pointers into the request, with a text each, for validation errors.
    """

    def __init__(
        self,
        code: str,
        *,
        zh: str | None = None,
        en: str | None = None,
        pointers: tuple[tuple[str, str, str], ...] = (),
        retry_after_s: int | None = None,
    ) -> None:
        super().__init__(code)
        self.problem = PROBLEMS[code]
        self.zh = zh or self.problem.detail_zh
        self.en = en or self.problem.detail_en
        self.pointers = pointers
        self.retry_after_s = retry_after_s

    @property
    def code(self) -> str:
        """The stable code."""
        return self.problem.code

    @property
    def status(self) -> int:
        """The HTTP status that goes with the code."""
        return self.problem.status

    def message(self, language: str) -> str:
        """Return the sentence for a person, in ``zh`` or ``en``."""
        return self.zh if language.startswith("zh") else self.en


UNAUTHENTICATED = problem(
    "unauthenticated", 401, title_zh="未认证", title_en="Not authenticated",
    detail_zh="请在 Authorization 头中提供有效且未过期的 API 密钥。",
    detail_en="Send a valid, unexpired API key in the Authorization header.",
)  # fmt: skip
FORBIDDEN = problem(
    "forbidden", 403, title_zh="无权限", title_en="Forbidden",
    detail_zh="该密钥或账号没有所需权限，请联系管理员开通。",
    detail_en="This key or account lacks the permission; ask an administrator to grant it.",
)  # fmt: skip
MALFORMED = problem(
    "malformed", 400, title_zh="请求格式错误", title_en="Malformed request",
    detail_zh="请求体不是有效的 JSON，请检查后重发。",
    detail_en="The body is not valid JSON; correct it and send it again.",
)  # fmt: skip
TOO_LARGE = problem(
    "too_large", 413, title_zh="请求过大", title_en="Request too large",
    detail_zh="请求体不得超过 1 MiB，请分批发送。",
    detail_en="A body may hold at most 1 MiB; send it in parts.",
)  # fmt: skip
UNSUPPORTED_MEDIA_TYPE = problem(
    "unsupported_media_type", 415, title_zh="不支持的内容类型", title_en="Unsupported media type",
    detail_zh="请使用 Content-Type: application/json。",
    detail_en="Send Content-Type: application/json.",
)  # fmt: skip
INVALID = problem(
    "invalid", 422, title_zh="参数无效", title_en="Invalid request",
    detail_zh="请按 errors 中的指针修正字段后重发。",
    detail_en="Correct the fields that errors points at and send the request again.",
)  # fmt: skip
NOT_FOUND = problem(
    "not_found", 404, title_zh="未找到", title_en="Not found",
    detail_zh="没有这个地址或对象，请检查编号。",
    detail_en="There is nothing at this address; check the id.",
)  # fmt: skip
METHOD_NOT_ALLOWED = problem(
    "method_not_allowed", 405, title_zh="方法不允许", title_en="Method not allowed",
    detail_zh="请查看文档中该地址支持的方法。",
    detail_en="See the documentation for the methods of this address.",
)  # fmt: skip
RATE_LIMITED = problem(
    "rate_limited", 429, title_zh="请求过于频繁", title_en="Too many requests",
    detail_zh="请在 Retry-After 指定的秒数后重试。",
    detail_en="Try again after the seconds given in Retry-After.",
)  # fmt: skip
OVERLOADED = problem(
    "overloaded", 503, title_zh="系统繁忙", title_en="Overloaded",
    detail_zh="请稍后用同一 reference 重试，不会重复扣款。",
    detail_en="Repeat the same reference after Retry-After; nothing is bought twice.",
)  # fmt: skip
INTERNAL = problem(
    "internal",
    500,
    title_zh="内部错误",
    title_en="Internal error",
    detail_zh="结果未知，请用同一 reference 或幂等键重试，并把 request id 告诉运营方。",
    detail_en="The outcome is unknown: repeat the same reference or key; tell the operator the request id.",
)
