"""Phone codes: six digits by text message, hashed at rest, five tries, ten minutes, one use.

Owns sending limits and verification. Answers are uniform: a blocked number, an unknown token, a spent code
and a wrong code look the same from outside. Refuses more messages to a number, an address or a device than
rule KM-SMS allows.
"""

import secrets
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import msgspec

from kamao.business.compliance import sms
from kamao.business.compliance.blocks import blocked_subject
from kamao.business.compliance.errors import CODE_WRONG, PHONE_INVALID
from kamao.business.compliance.keys import fold_contact, is_mobile, subject_key, window_key
from kamao.business.compliance.limits import Buyer
from kamao.business.compliance.models import PhoneCode
from kamao.business.compliance.rules import Rule, rule_named, shipped_rules
from kamao.business.compliance.statements import run
from kamao.business.compliance.suspicion import note_signal
from kamao.kernel.errors import Refusal
from kamao.kernel.ids import new_uuid7
from kamao.kernel.money import AMOUNT_MAX
from kamao.kernel.sealing import Keyring

_CODE_DIGITS: Final = 6
_WINDOWS: Final = (60, 3600, 86_400)


class CodeSent(msgspec.Struct, frozen=True):
    """The answer to every accepted request; `token` belongs in the buyer's session, never in an address."""

    token: UUID
    expires_at: datetime
    again_after_s: int


def send(
    phone: str,
    *,
    purpose: str,
    buyer: Buyer,
    merchant: UUID,
    keyring: Keyring,
    at: datetime,
    language: str = "zh",
) -> CodeSent:
    """Send a code to a mainland mobile number.

    Raises Refusal `phone_invalid` or `rate_limited` with `retry_after_s`. A blocked number gets the same
    answer and no message. Whether a CAPTCHA comes first is `suspicion.require_captcha`'s business.
    """
    number = fold_contact(phone)
    if not is_mobile(number):
        raise Refusal(PHONE_INVALID.code)
    rule = rule_named("KM-SMS", at=at) or _shipped("KM-SMS")
    phone_key = subject_key(keyring, kind="contact", text=number)
    _take_limits(rule, phone_key=phone_key, buyer=buyer, keyring=keyring, at=at)
    token, code = new_uuid7(), f"{secrets.randbelow(10**_CODE_DIGITS):0{_CODE_DIGITS}d}"
    expires_at = at + timedelta(seconds=rule.number("life_s"))
    PhoneCode.objects.create(
        id=token,
        purpose=purpose,
        phone_key=phone_key,
        code_key=_code_key(keyring, token=token, code=code),
        tries_left=rule.number("tries"),
        created_at=at,
        expires_at=expires_at,
    )
    if blocked_subject({"contact": phone_key}, merchant=merchant, at=at) is None:
        minutes = rule.number("life_s") // 60
        text = (
            f"【卡猫】验证码 {code}，{minutes} 分钟内有效。切勿告诉任何人，客服也不会索要。"
            if language.startswith("zh")
            else f"[Kamao] Your code is {code}, valid {minutes} minutes. Tell nobody; support never asks."
        )
        sms.sender(keyring=keyring).send(sms.TextMessage(number, text, token), at=at)
    return CodeSent(token, expires_at, _WINDOWS[0])


def verify(token: UUID, *, code: str, buyer: Buyer, keyring: Keyring, at: datetime) -> None:
    """Check a code. Raises Refusal `phone_code_wrong` for every kind of failure, which counts as a signal."""
    rows = run("try_phone_code", id=token, at=at)
    given = _code_key(keyring, token=token, code=code.strip())
    if not rows or not secrets.compare_digest(bytes(rows[0][0]), given):
        note_signal("failure", buyer=buyer, keyring=keyring, at=at)
        raise Refusal(CODE_WRONG.code)
    PhoneCode.objects.filter(id=token).update(verified_at=at)


def use(token: UUID, *, phone: str, purpose: str, keyring: Keyring, at: datetime) -> bool:
    """Spend a verified code for one purchase of the same phone; False when it is not verified, spent or too
    old.
    """
    key = subject_key(keyring, kind="contact", text=phone)
    return bool(run("use_phone_code", id=token, phone_key=key, purpose=purpose, at=at))


def forget_expired(*, at: datetime) -> int:
    """Delete codes a day past their life; called by the worker."""
    return PhoneCode.objects.filter(expires_at__lte=at - timedelta(days=1)).delete()[0]


def _shipped(name: str) -> Rule:
    return next(rule for rule in shipped_rules() if rule.id == name)


def _code_key(keyring: Keyring, *, token: UUID, code: str) -> bytes:
    return keyring.fingerprint("compliance-phone-code", f"{token.hex}|{code}".encode().hex())


def _take_limits(rule: Rule, *, phone_key: bytes, buyer: Buyer, keyring: Keyring, at: datetime) -> None:
    """Count one message against the phone and its source; a refused one still counts where it was counted."""
    seconds = int(at.timestamp())
    wanted = [
        (f"KM-SMS|{width}", phone_key, width, rule.number(f"per_phone_{width}_s")) for width in _WINDOWS
    ]
    for kind, text in (("address", buyer.address), ("device", buyer.device)):
        if text:
            key = subject_key(keyring, kind="address" if kind == "address" else "device", text=text)
            wanted.append((f"KM-SMS|{kind}", key, 3600, rule.number("per_source_3600_s")))
    for limit, subject, width, most in wanted:
        key = window_key(keyring, limit=limit, subject=subject, window=str(seconds // width))
        taken = run(
            "take_counter", key=key, units=1, amount_minor=0, units_max=most, amount_max_minor=AMOUNT_MAX,
            expires_at=at + timedelta(seconds=2 * width),
        )  # fmt: skip
        if not taken:
            raise Refusal("rate_limited", retry_after_s=width - seconds % width, zh=rule.zh, en=rule.en)
