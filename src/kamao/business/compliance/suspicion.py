"""Signals of suspicion, and whether a CAPTCHA is due. Owns the windows; refuses to block anyone by itself.

A signal is counted per address, device and contact in fixed windows in the database, so that all processes
see the same.
"""

from datetime import UTC, datetime, timedelta
from typing import Literal

from kamao.business.compliance.errors import CAPTCHA_REQUIRED
from kamao.business.compliance.keys import SubjectKind, subject_key, window_key
from kamao.business.compliance.limits import Buyer
from kamao.business.compliance.models import Counter
from kamao.business.compliance.rules import Decision, Rule, decision, rules_in_force
from kamao.business.compliance.statements import run
from kamao.kernel.errors import Refusal
from kamao.kernel.sealing import Keyring

Signal = Literal["failure", "checkout"]
"""`failure`: a wrong code, password or look-up · `checkout`: a purchase was made."""


def _keys(rule: Rule, *, buyer: Buyer, keyring: Keyring, at: datetime) -> list[bytes]:
    seconds = rule.number("window_s")
    window = str(int(at.timestamp()) // seconds)
    known: list[tuple[SubjectKind, str | None]] = [
        ("contact", buyer.contact), ("address", buyer.address), ("device", buyer.device),
    ]  # fmt: skip
    return sorted(
        window_key(keyring, limit=rule.id, subject=subject_key(keyring, kind=kind, text=text), window=window)
        for kind, text in known
        if text
    )


def note_signal(signal: Signal, *, buyer: Buyer, keyring: Keyring, at: datetime) -> None:
    """Count one signal against whoever sent it."""
    for rule in rules_in_force(at=at, topic="suspicion"):
        if rule.params["signal"] != signal:
            continue
        expires_at = at.astimezone(UTC) + timedelta(seconds=2 * rule.number("window_s"))
        for key in _keys(rule, buyer=buyer, keyring=keyring, at=at):
            run("raise_counter", key=key, expires_at=expires_at)


def require_captcha(*, is_solved: bool, buyer: Buyer, keyring: Keyring, at: datetime) -> None:
    """Raise Refusal `captcha_required`, in the words of the rule, when one is due and was not solved."""
    due = captcha_due(buyer=buyer, keyring=keyring, at=at)
    if due is not None and not is_solved:
        raise Refusal(CAPTCHA_REQUIRED.code, zh=due.zh, en=due.en)


def captcha_due(*, buyer: Buyer, keyring: Keyring, at: datetime) -> Decision | None:
    """The rule by which this buyer must solve a CAPTCHA now, or None."""
    for rule in rules_in_force(at=at, topic="suspicion"):
        keys = _keys(rule, buyer=buyer, keyring=keyring, at=at)
        if Counter.objects.filter(key__in=keys, units__gte=rule.number("count")).exists():
            return decision(rule, action="captcha")
    return None
