"""Rules as data: what each one applies to, what it demands, and the article behind it.

Owns reading `data/rules.json`, the operator's own settings over it, and the pure question "does this rule
apply". Refuses a rule without texts in both languages or without a source, and settings that switch off or
soften a hard rule.
"""

from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Final, Literal

import msgspec

from kamao.business.compliance.models import RuleSetting
from kamao.kernel.clock import BUSINESS_ZONE

FILE: Final = Path(__file__).with_name("data") / "rules.json"
Topic = Literal["identity", "tick", "warning", "cap", "block", "suspicion", "phone"]
Force = Literal["hard", "issuer", "policy"]


class When(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a rule applies to; empty means everything. The amount is the whole cart's in `currency`."""

    instruments: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    games: bool | None = None
    cart_amount_from_minor: int = 0
    currency: str = ""


class Rule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One rule with its source; `params` are numbers or words that the topic reads."""

    id: str
    force: Force
    topic: Topic
    when: When
    then: tuple[str, ...]
    params: dict[str, int | str]
    legal_ref: str
    evidence: str
    effective_from: date
    effective_to: date | None
    zh: str
    en: str

    def number(self, name: str) -> int:
        """A numeric parameter. Raises KeyError for one that the rule does not have."""
        value = self.params[name]
        if not isinstance(value, int):
            raise TypeError(f"{self.id}.{name} is not a number")
        return value


class Decision(msgspec.Struct, frozen=True):
    """What was decided, by which rule, on which legal ground; texts for the person it concerns."""

    rule: str
    action: str
    legal_ref: str
    zh: str
    en: str

    def message(self, language: str) -> str:
        """The sentence in `zh` or `en`."""
        return self.zh if language.startswith("zh") else self.en


def decision(rule: Rule, *, action: str) -> Decision:
    """A decision in the name of a rule."""
    return Decision(rule.id, action, rule.legal_ref, rule.zh, rule.en)


@cache
def shipped_rules() -> tuple[Rule, ...]:
    """The rules that come with this version."""
    rules = msgspec.json.decode(FILE.read_bytes(), type=tuple[Rule, ...])
    names = [rule.id for rule in rules]
    if len(set(names)) != len(names):
        raise ValueError("two rules have one id")
    if any(not (rule.zh and rule.en and rule.legal_ref) for rule in rules):
        raise ValueError("a rule lacks a text or its source")
    return rules


def rules_in_force(*, at: datetime, topic: Topic | None = None) -> tuple[Rule, ...]:
    """The rules that hold at a moment, with the operator's settings applied."""
    day = at.astimezone(BUSINESS_ZONE).date()
    settings = _settings(at=at)
    result = []
    for rule in shipped_rules():
        if topic is not None and rule.topic != topic:
            continue
        if rule.effective_from > day or (rule.effective_to is not None and rule.effective_to <= day):
            continue
        setting = settings.get(rule.id)
        if setting is None or rule.force == "hard":
            result.append(rule)
        elif setting.is_enabled:
            result.append(msgspec.structs.replace(rule, params={**rule.params, **setting.params}))
    return tuple(result)


def _settings(*, at: datetime) -> dict[str, RuleSetting]:
    """The latest setting of each rule that has one."""
    rows = RuleSetting.objects.filter(effective_from__lte=at).order_by("rule", "effective_from")
    return {row.rule: row for row in rows}


def rule_named(name: str, *, at: datetime) -> Rule | None:
    """One rule in force, or None when it is switched off or not in force."""
    return next((rule for rule in rules_in_force(at=at) if rule.id == name), None)


class CartLine(msgspec.Struct, frozen=True, kw_only=True):
    """One line of a cart as rules see it. `kind` and `instrument` are the library's words; the amount is
    the line's.

    `target` is the account a top-up goes to; `daily_max_per_contact` and `daily_max_per_target` are the
    SKU's own limits (units a day; None: none).
    """

    sku: str
    kind: str
    instrument: str
    is_game: bool
    quantity: int
    amount_minor: int
    target: str | None = None
    daily_max_per_contact: int | None = None
    daily_max_per_target: int | None = None


def applies(rule: Rule, *, line: CartLine, cart_amount_minor: int, currency: str) -> bool:
    """Whether a rule concerns this line in a cart of this amount; pure."""
    when = rule.when
    if when.instruments and line.instrument not in when.instruments:
        return False
    if when.kinds and line.kind not in when.kinds:
        return False
    if when.games is not None and when.games != line.is_game:
        return False
    if when.cart_amount_from_minor:
        return currency == when.currency and cart_amount_minor >= when.cart_amount_from_minor
    return True
