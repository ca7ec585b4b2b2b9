"""Reading bodies strictly: from bytes to a struct of the contract, or to the documented error with JSON
pointers.

Owns what "malformed" means: not UTF-8, not JSON (a byte order mark, NaN, trailing text), the same name twice
in one object. Refuses to guess: no number is read from text, no unknown field is dropped.
"""

import json
import re
from typing import Any, Final, NoReturn, TypeVar, get_args, get_origin

import msgspec

from kamao.kernel.errors import Refusal

T = TypeVar("T")
_ERRORS_MAX: Final = 20
_EXACT_MAX: Final = 1 << 53
"""Integers below this are exact as floating-point numbers."""

_MESSAGES: Final = (
    (re.compile(r"Object contains unknown field `(.*)`"), "没有这个字段，请删除或检查拼写",
        "There is no such field; remove it or check its spelling"),
    (re.compile(r"Object missing required field `(.*)`"), "缺少必填字段", "This required field is missing"),
    (re.compile(r"Expected `(.*)`, got `(.*)`"), "类型应为 {0}，收到 {1}", "Expected {0}, got {1}"),
    (re.compile(r"Expected `\w+` matching regex"), "格式不正确", "The text does not have the documented form"),
    (re.compile(r"Expected `(str|array|object)` of length (<=|>=) (\d+)"), "长度应 {1} {2}",
        "The length must be {1} {2}"),
    (re.compile(r"Expected `(int|float)` (<=|>=|<|>) (-?[\d.e+]+)"), "数值应 {1} {2}",
        "The number must be {1} {2}"),
    (re.compile(r"Invalid enum value"), "不是可选值之一", "This is none of the documented values"),
    (re.compile(r"Invalid RFC3339"), "应为 RFC 3339 时间，例如 2026-11-30T16:00:00Z",
        "Expected an RFC 3339 time such as 2026-11-30T16:00:00Z"),
)  # fmt: skip
_PATH: Final = re.compile(r"(.*) - at `\$(.*)`$", re.DOTALL)
_STEP: Final = re.compile(r"\.([^.\[]+)|\[(\d+|\.\.\.)\]")


class _Malformed(ValueError):
    """JSON that a strict reader refuses."""


def decode(body: bytes, decoder: msgspec.json.Decoder[T]) -> T:
    """Return the decoded body. Raises Refusal ``malformed`` or ``invalid`` with a pointer for each wrong
    field.
    """
    value = decode_or_refuse(body, decoder)
    refuse_repeated_names(body)
    return value


def decode_or_refuse(body: bytes, decoder: msgspec.json.Decoder[T]) -> T:
    """Like ``decode``, but leave names that occur twice to the caller, who may know a cheaper way to see
    them.
    """
    try:
        return decoder.decode(body)
    except msgspec.ValidationError:
        slowly: T = _decode_slowly(body, decoder.type)
        return slowly
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Refusal("malformed") from error


def refuse_repeated_names(body: bytes) -> None:
    """Raise ``malformed`` where an object holds a name twice: two readers would read two orders."""
    try:
        _read_strictly(body)
    except (ValueError, RecursionError) as error:
        raise Refusal("malformed") from error


def _decode_slowly(body: bytes, type_: Any) -> Any:
    """Decode what the fast decoder refused: 2.0 is an integer too (JSON Schema says so). Anything else is
    refused.
    """
    try:
        value = _read_strictly(body)
    except (ValueError, RecursionError) as error:
        raise Refusal("malformed") from error
    try:
        return msgspec.convert(value, type_)
    except msgspec.ValidationError:
        found = _wrong_fields(value, type_, "")
    assert found, "what does not convert has a wrong field"
    raise Refusal("invalid", pointers=tuple(found[:_ERRORS_MAX]))


def _number(text: str) -> int | float:
    number = float(text)
    return int(number) if number.is_integer() and abs(number) < _EXACT_MAX else number


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise _Malformed("a name twice in one object")
    return value


def _constant(name: str) -> NoReturn:
    raise _Malformed(f"{name} is no JSON")


_reader = json.JSONDecoder(object_pairs_hook=_pairs, parse_constant=_constant, parse_float=_number)


def _read_strictly(body: bytes) -> Any:
    return _reader.decode(body.decode("utf-8"))


def _wrong_fields(value: Any, type_: Any, pointer: str) -> list[tuple[str, str, str]]:
    """Return (pointer, zh, en) for every wrong field that can be told apart."""
    if isinstance(type_, type) and issubclass(type_, msgspec.Struct) and isinstance(value, dict):
        return _wrong_in_struct(value, type_, pointer)
    if get_origin(type_) is list and isinstance(value, list):
        item_type = get_args(type_)[0]
        found: list[tuple[str, str, str]] = []
        for index, item in enumerate(value):
            found += _wrong_fields(item, item_type, f"{pointer}/{index}")
            if len(found) >= _ERRORS_MAX:
                break
        return found
    try:
        msgspec.convert(value, type_)
    except msgspec.ValidationError as error:
        return [_describe(str(error), pointer)]
    return []


def _wrong_in_struct(value: dict[str, Any], type_: Any, pointer: str) -> list[tuple[str, str, str]]:
    found: list[tuple[str, str, str]] = []
    fields = {field.encode_name: field for field in msgspec.structs.fields(type_)}
    for name in value:
        if name not in fields:
            found.append(_describe(f"Object contains unknown field `{name}`", f"{pointer}/{_escape(name)}"))
    for name, field in fields.items():
        if name in value:
            found += _wrong_fields(value[name], _bare(field.type, value[name]), f"{pointer}/{_escape(name)}")
        elif field.required:
            found.append(_describe(f"Object missing required field `{name}`", f"{pointer}/{name}"))
    if found:
        return found
    try:
        # Rules over several fields live in __post_init__ and point at their field by themselves.
        msgspec.convert(value, type_)
    except msgspec.ValidationError as error:
        return [_describe(str(error), pointer)]
    return []


def _bare(type_: Any, value: Any) -> Any:
    """Return the one struct or list type of ``Thing | None`` and ``Annotated[list[Thing], …]``, to look
    inside it.
    """
    inner = type_
    if value is not None and not isinstance(value, dict | list):
        return type_
    origin = get_origin(inner)
    arguments = [each for each in get_args(inner) if each is not type(None)] if origin is not None else []
    if value is not None and type(None) in get_args(inner) and len(arguments) == 1:
        inner = arguments[0]
    if isinstance(value, list) and hasattr(inner, "__metadata__"):
        listed = inner.__origin__
        if get_origin(listed) is list and _wrong_length(value, inner) is None:
            return listed
    return inner


def _wrong_length(value: list[Any], type_: Any) -> str | None:
    for meta in type_.__metadata__:
        if isinstance(meta, msgspec.Meta):
            if meta.max_length is not None and len(value) > meta.max_length:
                return "long"
            if meta.min_length is not None and len(value) < meta.min_length:
                return "short"
    return None


def _escape(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")


def _describe(message: str, pointer: str) -> tuple[str, str, str]:
    """Return (pointer, zh, en) of msgspec's message, whose own path is added to the pointer."""
    match = _PATH.match(message)
    if match:
        message = match.group(1)
        for name, index in _STEP.findall(match.group(2)):
            if index != "...":
                pointer += f"/{_escape(name) if name else index}"
    for pattern, zh, en in _MESSAGES:
        found = pattern.search(message)
        if found:
            return pointer, zh.format(*found.groups()), en.format(*found.groups())
    return pointer, "字段值无效", message
