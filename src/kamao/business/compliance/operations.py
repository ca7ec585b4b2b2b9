"""What the operator sets: rules on, off, or with other numbers. Owns the history; refuses to soften a hard
rule.
"""

from datetime import datetime

from kamao.business.compliance.models import RuleSetting
from kamao.business.compliance.rules import shipped_rules


class RuleFixed(Exception):
    """A hard rule cannot be switched off or changed."""


def set_rule(
    rule: str,
    *,
    is_enabled: bool,
    params: dict[str, int],
    author: str,
    reason: str,
    effective_from: datetime,
    at: datetime,
) -> RuleSetting:
    """Set a rule from a moment on. Raises RuleFixed for a hard rule, ValueError for a number the rule does
    not have.
    """
    shipped = next((entry for entry in shipped_rules() if entry.id == rule), None)
    if shipped is None:
        raise ValueError(f"there is no rule {rule}")
    if shipped.force == "hard":
        raise RuleFixed(rule)
    if set(params) - set(shipped.params) or any(value < 0 for value in params.values()):
        raise ValueError(f"{rule} has no such number, or it is negative")
    return RuleSetting.objects.create(
        rule=rule,
        is_enabled=is_enabled,
        params=params,
        author=author,
        reason=reason,
        effective_from=effective_from,
        created_at=at,
    )
