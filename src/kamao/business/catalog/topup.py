"""Top-up forms as data, and the pure check that turns what a buyer typed into a normalised target.

A form is a list of fields; each field names one of the validators here. The check returns the normalised
target, what it learned on the way (carrier, server) and errors in both languages with the field they belong
to. Refuses to ask the network: name echo and empty-number checks belong to a supplier's connector.
"""

import re
from collections.abc import Callable, Mapping
from typing import Final

import msgspec

from kamao.business.catalog.segments import CARRIERS, carrier_of
from kamao.business.catalog.text import fold


class FieldError(msgspec.Struct, frozen=True):
    """What is wrong with one field, in both languages."""

    field: str
    code: str
    zh: str
    en: str


class Choice(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One option of a field; ``within`` names the options of the parent field under which it is offered."""

    value: str
    zh: str
    en: str
    within: tuple[str, ...] = ()


class FormField(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One input of a top-up form."""

    key: str
    validator: str
    label_zh: str
    label_en: str
    hint_zh: str = ""
    hint_en: str = ""
    required: bool = True
    pattern: str = ""
    choices: tuple[Choice, ...] = ()
    parent: str = ""
    prefix_of: dict[str, str] = {}
    """For ``game_id``: which choice of the field ``server`` an id with this prefix belongs to."""


class Form(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A top-up form: its slug, names and fields in the order they are asked."""

    slug: str
    name_zh: str
    name_en: str
    fields: tuple[FormField, ...]


class TargetRules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a SKU asks of its target beyond the form: carriers (empty: all) and provinces of a meter."""

    carriers: tuple[str, ...] = ()
    provinces: tuple[str, ...] = ()


class TargetCheck(msgspec.Struct, frozen=True):
    """The outcome: the normalised target (empty if refused), facts learned, and errors."""

    target: dict[str, str]
    facts: dict[str, str]
    errors: tuple[FieldError, ...]

    @property
    def accepted(self) -> bool:
        """True if the target may be charged."""
        return not self.errors


class _Field(msgspec.Struct, frozen=True):
    form: FormField
    values: Mapping[str, str]
    rules: TargetRules


_Outcome = tuple[str, dict[str, str], FieldError | None]
NO_RULES: Final = TargetRules()
VALUE_MAX: Final = 120
PORTED: Final = "ported"
"""Key of the buyer's statement that the number was ported to another carrier."""

_MOBILE: Final = re.compile(r"1[3-9]\d{9}")
_QQ: Final = re.compile(r"[1-9]\d{4,10}")
_EMAIL: Final = re.compile(
    r"[a-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,24}"
)
_ACCOUNT: Final = re.compile(r"[^\s<>\x00-\x1f]{2,64}")
_METER: Final = re.compile(r"\d{10,16}")


def _refused(field: FormField, code: str, *, zh: str, en: str) -> _Outcome:
    return "", {}, FieldError(field=field.key, code=code, zh=zh, en=en)


def _digits(value: str) -> str:
    return re.sub(r"[\s\-–—.()]", "", value)


def _mobile(field: _Field, value: str) -> _Outcome:
    number = re.sub(r"^(?:\+|00)?86(?=1\d{10}$)", "", _digits(value))
    if not _MOBILE.fullmatch(number):
        return _refused(
            field.form, "mobile_malformed",
            zh="请输入 11 位中国大陆手机号。", en="Enter a mainland China mobile number of 11 digits.",
        )  # fmt: skip
    carrier = carrier_of(number)
    if carrier is None:
        return _refused(
            field.form, "mobile_unassigned",
            zh="该号段尚未放号，请核对手机号。", en="No carrier uses this prefix; check the number.",
        )  # fmt: skip
    facts = {"carrier": carrier.code, "carrier_zh": carrier.zh, "carrier_en": carrier.en}
    allowed = field.rules.carriers
    if allowed and carrier.code not in allowed and field.values.get(PORTED) != "yes":
        names = [CARRIERS[code] for code in allowed]
        return (
            "", facts,
            FieldError(
                field=field.form.key, code="carrier_mismatch",
                zh=f"该号码属于{carrier.zh}，本商品仅支持{'、'.join(c.zh for c in names)}；如已携号转网请勾选后再试。",
                en=f"This is a {carrier.en} number; the item serves {', '.join(c.en for c in names)} only. "
                "If the number was ported, tick the box and try again.",
            ),
        )  # fmt: skip
    return number, facts, None


def _qq(field: _Field, value: str) -> _Outcome:
    number = _digits(value)
    if not _QQ.fullmatch(number):
        return _refused(
            field.form, "qq_malformed",
            zh="请输入 5 至 11 位 QQ 号，不能以 0 开头。", en="Enter a QQ number of 5 to 11 digits, not starting with 0.",
        )  # fmt: skip
    return number, {}, None


def _email(field: _Field, value: str) -> _Outcome:
    address = value.replace(" ", "").lower()
    if not _EMAIL.fullmatch(address):
        return _refused(
            field.form, "email_malformed", zh="请输入有效的邮箱地址。", en="Enter a valid e-mail address."
        )
    return address, {}, None


def _account(field: _Field, value: str) -> _Outcome:
    if not _ACCOUNT.fullmatch(value):
        return _refused(
            field.form, "account_malformed",
            zh="请输入 2 至 64 位账号，不能含空格。", en="Enter an account of 2 to 64 characters without blanks.",
        )  # fmt: skip
    return value, {}, None


def _meter(field: _Field, value: str) -> _Outcome:
    number = _digits(value)
    pattern = re.compile(field.form.pattern) if field.form.pattern else _METER
    if not pattern.fullmatch(number):
        return _refused(
            field.form, "meter_malformed",
            zh="户号应为 10 至 16 位数字，可在账单或供电公司 App 查看。",
            en="A meter account has 10 to 16 digits; see the bill or the power company's app.",
        )  # fmt: skip
    return number, {}, None


def _game_id(field: _Field, value: str) -> _Outcome:
    form = field.form
    number = value.replace(" ", "")
    if not re.fullmatch(form.pattern or r"[A-Za-z0-9_#\-]{2,40}", number):
        return _refused(
            form, "game_id_malformed",
            zh="游戏 ID 格式不对，请在游戏内个人信息页复制。",
            en="This is no valid game id; copy it from your profile inside the game.",
        )  # fmt: skip
    if not form.prefix_of:
        return number, {}, None
    prefix = next((p for p in sorted(form.prefix_of, key=len, reverse=True) if number.startswith(p)), None)
    if prefix is None:
        return _refused(
            form, "game_id_region",
            zh="该 ID 不属于本商品支持的服务器。", en="This id belongs to no server that the item serves.",
        )  # fmt: skip
    server = form.prefix_of[prefix]
    chosen = field.values.get("server", "")
    if chosen and chosen != server:
        return _refused(
            form, "game_server_mismatch",
            zh="该 ID 与所选服务器不符，请核对。", en="The id does not belong to the chosen server; check both.",
        )  # fmt: skip
    return number, {"server": server}, None


def _choice(field: _Field, value: str) -> _Outcome:
    form = field.form
    parent = field.values.get(form.parent, "") if form.parent else ""
    for choice in form.choices:
        named = value in {choice.value, choice.zh, choice.en}
        if named and (not choice.within or parent in choice.within):
            provinces = field.rules.provinces
            if form.key == "province" and provinces and choice.value not in provinces:
                break
            return choice.value, {f"{form.key}_zh": choice.zh, f"{form.key}_en": choice.en}, None
    return _refused(
        form, "choice_unknown",
        zh=f"请从列表中选择{form.label_zh}。", en=f"Choose {form.label_en} from the list.",
    )  # fmt: skip


def _text(field: _Field, value: str) -> _Outcome:
    if not re.fullmatch(field.form.pattern or r"[^\x00-\x1f<>]{1,60}", value):
        return _refused(
            field.form, "text_malformed",
            zh=f"{field.form.label_zh}格式不对，请核对。", en=f"{field.form.label_en} is malformed; check it.",
        )  # fmt: skip
    return value, {}, None


VALIDATORS: Final[dict[str, Callable[[_Field, str], _Outcome]]] = {
    "mobile": _mobile, "qq": _qq, "email": _email, "account": _account, "meter": _meter,
    "game_id": _game_id, "choice": _choice, "text": _text,
}  # fmt: skip


def parse_form(data: object) -> Form:
    """Return the form stored as JSON; ``msgspec.ValidationError`` or ``ValueError`` if it is none."""
    form = msgspec.convert(data, Form)
    keys = [field.key for field in form.fields]
    if not keys or len(set(keys)) != len(keys):
        raise ValueError(f"form {form.slug}: fields need distinct keys")
    for position, field in enumerate(form.fields):
        if field.validator not in VALIDATORS:
            raise ValueError(f"form {form.slug}: unknown validator {field.validator}")
        if field.parent and field.parent not in keys[:position]:
            raise ValueError(f"form {form.slug}: {field.key} comes before its parent")
        re.compile(field.pattern)
    return form


def _one_field(field: FormField, typed: Mapping[str, str], rules: TargetRules) -> _Outcome:
    raw = typed.get(field.key, "")
    value = " ".join(raw.split())
    if field.validator in {"mobile", "qq", "meter", "email", "game_id"}:
        value = fold(value) if field.validator != "game_id" else " ".join(raw.split())
    if len(value) > VALUE_MAX:
        return _refused(field, "too_long", zh=f"{field.label_zh}过长。", en=f"{field.label_en} is too long.")
    if not value:
        if not field.required:
            return "", {}, None
        return _refused(field, "required", zh=f"请填写{field.label_zh}。", en=f"Fill in {field.label_en}.")
    return VALIDATORS[field.validator](_Field(form=field, values=typed, rules=rules), value)


def check_target(form: Form, typed: Mapping[str, str], *, rules: TargetRules = NO_RULES) -> TargetCheck:
    """Check what a buyer typed against a form.

    Fields are checked in order; a later field sees the normalised values of earlier ones. Unknown keys are
    refused, except ``ported`` ("yes": the number was ported). The result's target is empty if anything is
    wrong.
    """
    known = {field.key for field in form.fields} | {PORTED}
    errors = [
        FieldError(
            field=key, code="unknown_field", zh=f"未知字段 {key[:40]}。", en=f"Unknown field {key[:40]}."
        )
        for key in sorted(set(typed) - known)
    ]
    values = dict(typed)
    target: dict[str, str] = {}
    facts: dict[str, str] = {}
    for field in form.fields:
        value, learned, error = _one_field(field, values, rules)
        facts.update(learned)
        if error is not None:
            errors.append(error)
        elif value:
            target[field.key] = values[field.key] = value
    return TargetCheck(target={} if errors else target, facts=facts, errors=tuple(errors))


def target_key(form: Form, target: Mapping[str, str]) -> str:
    """Return one string that is equal exactly for equal targets of a form ("same target in flight")."""
    return "|".join([form.slug, *(f"{field.key}={target.get(field.key, '')}" for field in form.fields)])
