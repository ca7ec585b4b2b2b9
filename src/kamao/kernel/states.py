"""State machines as data: one table of transitions per kind of row, mirrored in SQL and held equal by a test.

Refuses transitions that are not in the table; has no opinion about who may cause them.
"""

from typing import Final

ORDER_TRANSITIONS: Final[dict[str, frozenset[str]]] = {
    "awaiting_payment": frozenset({"awaiting_funds", "paid", "delivered", "cancelled"}),
    "awaiting_funds": frozenset({"paid", "delivered", "cancelled"}),
    "paid": frozenset({"fulfilling", "delivered", "failed", "cancelled", "refunded"}),
    "fulfilling": frozenset({"in_doubt", "cancelling", "delivered", "failed", "cancelled", "refunded"}),
    "in_doubt": frozenset({"delivered", "fulfilling", "failed"}),
    "cancelling": frozenset({"fulfilling", "in_doubt", "delivered", "cancelled", "failed"}),
    "delivered": frozenset({"settled", "refunded"}),
    "settled": frozenset({"refunded"}),
    "refunded": frozenset(),
    "failed": frozenset(),
    "cancelled": frozenset(),
}

ORDER_STATES: Final = tuple(ORDER_TRANSITIONS)
ORDER_STATES_FINAL: Final = frozenset(state for state, after in ORDER_TRANSITIONS.items() if not after)

PURCHASE_TRANSITIONS: Final[dict[str, frozenset[str]]] = {
    "awaiting_payment": frozenset({"paid", "closing", "expired", "cancelled"}),
    "closing": frozenset({"paid", "expired", "cancelled"}),
    "paid": frozenset({"refunded"}),
    "expired": frozenset(),
    "cancelled": frozenset(),
    "refunded": frozenset(),
}

REFUND_TRANSITIONS: Final[dict[str, frozenset[str]]] = {
    "unfunded": frozenset({"due"}),
    "due": frozenset({"sent", "done"}),
    "sent": frozenset({"done", "in_doubt", "refused"}),
    "in_doubt": frozenset({"done", "refused"}),
    "refused": frozenset({"due"}),
    "done": frozenset(),
}

ATTEMPT_TRANSITIONS: Final[dict[str, frozenset[str]]] = {
    "planned": frozenset({"sent", "dropped"}),
    "sent": frozenset({"succeeded", "failed", "in_doubt"}),
    "in_doubt": frozenset({"succeeded", "failed"}),
    "succeeded": frozenset(),
    "failed": frozenset(),
    "dropped": frozenset(),
}


def may_become(table: dict[str, frozenset[str]], before: str, after: str) -> bool:
    """Tell whether a row in state ``before`` may go to ``after``; staying is no transition."""
    return after in table[before]
