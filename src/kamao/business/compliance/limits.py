"""Daily caps and block lists at checkout: one call that takes what a purchase uses, or refuses in the name
of a rule.

Owns the counters. Every limit is one conditional upsert, all of a purchase in one transaction in key order:
correct over any number of processes, no deadlock between them. Refuses nothing silently; each refusal is
recorded with its rule.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import msgspec
from django.db import transaction

from kamao.business.compliance.blocks import blocked_subject
from kamao.business.compliance.errors import BLOCKED, CAP_REACHED
from kamao.business.compliance.keys import SUBJECT_KINDS, SubjectKind, subject_key, window_key
from kamao.business.compliance.models import Counter, CounterUse, DecisionRecord
from kamao.business.compliance.rules import CartLine, Decision, Rule, applies, decision, rules_in_force
from kamao.business.compliance.statements import run
from kamao.kernel.clock import BUSINESS_ZONE, business_day
from kamao.kernel.errors import Refusal
from kamao.kernel.money import AMOUNT_MAX
from kamao.kernel.sealing import Keyring

_DAY: Final = timedelta(days=1)


class Buyer(msgspec.Struct, frozen=True):
    """Who is buying, as far as checkout knows: contact, address, device cookie; None where unknown."""

    contact: str | None
    address: str | None
    device: str | None


class Checkout(msgspec.Struct, frozen=True):
    """A purchase about to be made; `reference` is its id, under which what it took can be given back."""

    reference: UUID
    merchant: UUID
    currency: str
    lines: tuple[CartLine, ...]
    buyer: Buyer


class _Taking(msgspec.Struct, frozen=True):
    """What a purchase takes of one counter."""

    key: bytes
    units: int
    amount_minor: int
    units_max: int
    amount_max_minor: int
    ground: Decision
    subject_kind: SubjectKind
    subject: bytes

    def with_more(self, other: "_Taking") -> "_Taking":
        """This and another taking of the same counter in one."""
        units, amount_minor = self.units + other.units, self.amount_minor + other.amount_minor
        return msgspec.structs.replace(self, units=units, amount_minor=amount_minor)


def check_limits(checkout: Checkout, *, keyring: Keyring, at: datetime) -> None:
    """Take a purchase's share of every cap, or raise and take nothing.

    Raises Refusal `purchase_blocked` (block list) or `daily_cap_reached`, in the words of the rule.
    Repeating the same reference takes nothing again.
    """
    subjects = _subjects(checkout.buyer, keyring=keyring)
    targets = _targets(checkout.lines, keyring=keyring)
    refused = _blocked(checkout, subjects=subjects, targets=targets, at=at)
    if refused is None:
        takings = _takings(checkout, subjects=subjects, keyring=keyring, at=at)
        refused = _take(takings, reference=checkout.reference, at=at)
    if refused is None:
        return
    ground, kind, subject = refused
    DecisionRecord.objects.create(
        rule=ground.rule,
        action="block",
        subject_kind=kind,
        subject_key=subject,
        merchant_id=checkout.merchant,
        reference=checkout.reference,
        at=at,
    )
    code = (BLOCKED if ground.rule == "KM-BLOCK" else CAP_REACHED).code
    raise Refusal(code, zh=ground.zh, en=ground.en)


def give_back(reference: UUID) -> None:
    """Return what a purchase took, because it was never paid. Harmless to repeat."""
    run("give_back", reference=reference)


def forget_expired(*, at: datetime) -> int:
    """Delete counters whose window is over; called by the worker. Returns how many rows went."""
    gone, _ = CounterUse.objects.filter(expires_at__lte=at).delete()
    return gone + Counter.objects.filter(expires_at__lte=at).delete()[0]


def _subjects(buyer: Buyer, *, keyring: Keyring) -> dict[SubjectKind, bytes]:
    known: dict[SubjectKind, str | None] = {
        "contact": buyer.contact,
        "address": buyer.address,
        "device": buyer.device,
    }
    return {kind: subject_key(keyring, kind=kind, text=text) for kind, text in known.items() if text}


def _targets(lines: Sequence[CartLine], *, keyring: Keyring) -> list[bytes]:
    texts = {line.target for line in lines if line.target}
    return sorted(subject_key(keyring, kind="target", text=text) for text in texts)


Refused = tuple[Decision, SubjectKind, bytes]


def _blocked(
    checkout: Checkout, *, subjects: dict[SubjectKind, bytes], targets: list[bytes], at: datetime
) -> Refused | None:
    rule = next((rule for rule in rules_in_force(at=at, topic="block")), None)
    if rule is None:
        return None
    ground = decision(rule, action="block")
    kind = blocked_subject(subjects, merchant=checkout.merchant, at=at)
    if kind is not None:
        return ground, kind, subjects[kind]
    for key in targets:
        if blocked_subject({"target": key}, merchant=checkout.merchant, at=at):
            return ground, "target", key
    return None


def _takings(
    checkout: Checkout, *, subjects: dict[SubjectKind, bytes], keyring: Keyring, at: datetime
) -> list[_Taking]:
    day = f"{at.astimezone(BUSINESS_ZONE):%Y%m%d}"
    total = sum(line.amount_minor for line in checkout.lines)
    takings: list[_Taking] = []
    for rule in rules_in_force(at=at, topic="cap"):
        lines = [
            line
            for line in checkout.lines
            if applies(rule, line=line, cart_amount_minor=total, currency=checkout.currency)
        ]
        takings += _by_rule(
            rule, lines=lines, subjects=subjects, currency=checkout.currency, keyring=keyring, day=day
        )
    for line in checkout.lines:
        takings += _by_sku(line, checkout=checkout, subjects=subjects, keyring=keyring, day=day)
    merged: dict[bytes, _Taking] = {}
    for taking in takings:
        before = merged.get(taking.key)
        merged[taking.key] = taking if before is None else before.with_more(taking)
    return sorted(merged.values(), key=lambda taking: taking.key)


def _by_rule(
    rule: Rule,
    *,
    lines: Sequence[CartLine],
    subjects: dict[SubjectKind, bytes],
    currency: str,
    keyring: Keyring,
    day: str,
) -> list[_Taking]:
    kind = next(kind for kind in SUBJECT_KINDS if kind == rule.params["subject"])
    result = []
    for line in lines:
        subject = (
            (subject_key(keyring, kind="target", text=line.target) if line.target else None)
            if kind == "target"
            else subjects.get(kind)
        )
        if subject is None:
            continue
        # Amounts of different currencies are counted apart; the cap's number is in minor units of each.
        key = window_key(keyring, limit=f"{rule.id}|{currency}", subject=subject, window=day)
        result.append(
            _Taking(
                key,
                line.quantity,
                line.amount_minor,
                rule.number("units_max"),
                rule.number("amount_max_minor"),
                decision(rule, action="block"),
                kind,
                subject,
            )
        )
    return result


def _by_sku(
    line: CartLine, *, checkout: Checkout, subjects: dict[SubjectKind, bytes], keyring: Keyring, day: str
) -> list[_Taking]:
    """The SKU's own limits per contact and per target."""
    target = subject_key(keyring, kind="target", text=line.target) if line.target else None
    wanted: list[tuple[SubjectKind, bytes | None, int | None]] = [
        ("contact", subjects.get("contact"), line.daily_max_per_contact),
        ("target", target, line.daily_max_per_target),
    ]
    ground = Decision(
        "SKU-LIMIT",
        "block",
        "library: limit of the SKU",
        "该商品今天的购买数量已到上限，请明天再买。",
        "The limit of this item for today is reached. Come back tomorrow.",
    )
    result = []
    for kind, subject, most in wanted:
        if subject is None or most is None:
            continue
        key = window_key(keyring, limit=f"SKU|{line.sku}|{kind}", subject=subject, window=day)
        result.append(_Taking(key, line.quantity, 0, most, AMOUNT_MAX, ground, kind, subject))
    return result


def _take(takings: Sequence[_Taking], *, reference: UUID, at: datetime) -> Refused | None:
    """Take everything or nothing; returns what stood in the way."""
    expires_at = business_day(at) + _DAY + timedelta(hours=1)
    refused: Refused | None = None
    with transaction.atomic():
        if CounterUse.objects.filter(reference=reference).exists():
            return None
        for taking in takings:
            taken = run(
                "take_counter",
                key=taking.key,
                units=taking.units,
                amount_minor=taking.amount_minor,
                units_max=taking.units_max,
                amount_max_minor=taking.amount_max_minor,
                expires_at=expires_at,
            )
            if not taken:
                refused = (taking.ground, taking.subject_kind, taking.subject)
                transaction.set_rollback(True)
                break
            CounterUse.objects.create(
                reference=reference,
                counter=taking.key,
                units=taking.units,
                amount_minor=taking.amount_minor,
                expires_at=expires_at,
            )
    return refused
