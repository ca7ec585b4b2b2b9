"""Which identity step a cart needs, and what the buyer is told and must tick. Pure over the rules in force.

Owns the order of steps (none < phone code < member). A shop may ask for more than the rules, never for
less. Refuses a purchase whose step, warning or tick is missing.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Final, Literal

import msgspec

from kamao.business.compliance.errors import IDENTITY_REQUIRED, TICK_REQUIRED
from kamao.business.compliance.rules import CartLine, Decision, applies, decision, rules_in_force
from kamao.kernel.errors import Refusal

Step = Literal["none", "phone_code", "member"]
STEPS: Final[tuple[Step, ...]] = ("none", "phone_code", "member")
"""From weakest to strongest; a stronger step satisfies a weaker one."""


class IdentityStep(msgspec.Struct, frozen=True):
    """What checkout must do before payment.

    `why` names the rules behind the step (strongest first); `warning` is shown before paying, `tick` is a
    box the buyer must tick (never pre-ticked), None where no rule asks for it.
    """

    step: Step
    why: tuple[Decision, ...]
    warning: Decision | None
    tick: Decision | None


class Shown(msgspec.Struct, frozen=True):
    """What the buyer did: the strongest step taken, and whether the box was ticked."""

    step: Step
    ticked: bool


def stronger(first: Step, second: Step) -> Step:
    """The stronger of two steps."""
    return first if STEPS.index(first) >= STEPS.index(second) else second


def identity_step_for(
    lines: Sequence[CartLine], *, currency: str, at: datetime, shop_minimum: Step = "none"
) -> IdentityStep:
    """What a cart needs by the rules in force at `at`, or more where the shop asks for more."""
    total = sum(line.amount_minor for line in lines)
    step: Step = shop_minimum
    why: list[tuple[int, Decision]] = []
    warning: Decision | None = None
    tick: Decision | None = None
    for rule in rules_in_force(at=at):
        if not any(applies(rule, line=line, cart_amount_minor=total, currency=currency) for line in lines):
            continue
        if rule.topic == "identity":
            wanted: Step = "member" if "member" in rule.then else "phone_code"
            step = stronger(step, wanted)
            why.append((STEPS.index(wanted), decision(rule, action=wanted)))
        elif rule.topic == "warning":
            warning = warning or decision(rule, action="disclose")
        elif rule.topic == "tick":
            tick = tick or decision(rule, action="tick")
    why.sort(key=lambda pair: (-pair[0], pair[1].rule))
    return IdentityStep(step, tuple(entry for _, entry in why), warning, tick)


def require(needed: IdentityStep, *, shown: Shown) -> None:
    """Raise Refusal `identity_step_required` or `confirmation_required`, in the words of the rule, unless
    all is done.
    """
    if STEPS.index(shown.step) < STEPS.index(needed.step):
        rule = needed.why[0] if needed.why else None
        raise Refusal(IDENTITY_REQUIRED.code, zh=rule.zh if rule else None, en=rule.en if rule else None)
    if needed.tick is not None and not shown.ticked:
        raise Refusal(TICK_REQUIRED.code)
