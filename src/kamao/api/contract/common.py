"""What several features share: texts, amounts, the envelope of lists, the problem object."""

from datetime import datetime
from typing import Annotated, Final

from msgspec import Meta, Struct

# Control characters, zero-width characters and direction marks: a text that holds one looks like another
# text. Python's \Z is written as $ in the OpenAPI document, where $ means exactly the end.
VISIBLE: Final = "^[^\\x00-\\x1f\\x7f-\\x9f\\u200b-\\u200f\\u2028-\\u202e\\u2060-\\u2069\\ufeff]*\\Z"
_VISIBLE_LINES: Final = (
    "^[^\\x00-\\x09\\x0b-\\x1f\\x7f-\\x9f\\u200b-\\u200f\\u2028-\\u202e\\u2060-\\u2069\\ufeff]*\\Z"
)

_DAY: Final = (
    "((0[13578]|1[02])-(0[1-9]|[12][0-9]|3[01])|(0[469]|11)-(0[1-9]|[12][0-9]|30)|02-(0[1-9]|1[0-9]|2[0-8]))"
)
_OFFSET: Final = "(Z|[+-]([01][0-9]|2[0-3]):[0-5][0-9])"
RFC3339: Final = (
    f"^[12][0-9]{{3}}-{_DAY}T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\\.[0-9]{{1,6}})?{_OFFSET}$"
)
"""What the documentation promises to read; a 29 February is read too, where there is one."""

_BYTE: Final = "(25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"
IPV4: Final = f"({_BYTE}\\.){{3}}{_BYTE}"
_WORD: Final = "[0-9A-Fa-f]{1,4}"
IPV6: Final = "|".join(
    [
        f"({_WORD}:){{7}}{_WORD}",
        *[f"({_WORD}:){{1,{before}}}(:{_WORD}){{1,{7 - before}}}" for before in range(1, 7)],
        f"({_WORD}:){{1,7}}:",
        f":(:{_WORD}){{1,7}}",
        "::",
        f"::[Ff]{{4}}:{IPV4}",
    ]
)

AMOUNT_MAX: Final = 10**15
Moment = Annotated[datetime, Meta(tz=True, extra_json_schema={"pattern": RFC3339})]

Label = Annotated[str, Meta(min_length=1, max_length=80, pattern=VISIBLE)]
Note = Annotated[str, Meta(min_length=1, max_length=500, pattern=_VISIBLE_LINES)]
SKU_CODE: Final = r"^[A-Za-z0-9][A-Za-z0-9._~:-]{0,99}\Z"
SLUG: Final = r"^[A-Za-z0-9_-]{1,64}\Z"
SkuCode = Annotated[str, Meta(pattern=SKU_CODE, description="Code of a SKU of the catalogue")]
UnitPrice = Annotated[
    str,
    Meta(
        pattern=r"^(0|[1-9][0-9]{0,12})(\.[0-9]{1,2})?\Z",
        description="Unit price in minor units, with up to 2 further decimals",
    ),
]
Amount = Annotated[int, Meta(ge=0, le=AMOUNT_MAX, description="Minor units of the currency")]
AmountPaid = Annotated[int, Meta(ge=1, le=AMOUNT_MAX, description="Minor units of the currency, at least 1")]
Currency = Annotated[str, Meta(pattern=r"^[A-Z]{3}\Z")]
HttpUrl = Annotated[
    str,
    Meta(max_length=2048, pattern=r"^https?://[\x21-\x7E]+\Z", description="An http or https address"),
]


class FieldProblem(Struct, frozen=True, omit_defaults=True):
    """One field that is wrong: ``pointer`` into the body, or the name of a ``parameter`` of path or query."""

    detail: str
    pointer: str | None = None
    parameter: str | None = None


class Problem(Struct, frozen=True, omit_defaults=True):
    """RFC 9457 problem details; ``code`` is stable, ``detail`` is in the language of Accept-Language."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    request_id: str
    errors: list[FieldProblem] = []


class IdOnly(Struct, frozen=True):
    """The id of what was made or changed."""

    id: str
