"""States of payment rows as data; a test holds the database's checks equal to them.

An intent is our side of one provider order. `sent` and `closing` are written before a call goes out:
whoever finds them knows that the provider may have acted. A refund attempt is our side of one refund call,
with the engine's refund behind it.
"""

from typing import Final

INTENT_TRANSITIONS: Final[dict[str, frozenset[str]]] = {
    "sent": frozenset({"open", "closing", "paid", "closed", "refused"}),
    "open": frozenset({"closing", "paid", "closed"}),
    "closing": frozenset({"paid", "closed"}),
    "paid": frozenset(),
    "closed": frozenset(),
    "refused": frozenset(),
}
INTENT_STATES_LIVE: Final = frozenset({"sent", "open", "closing"})
"""An intent that may still take money: its purchase keeps its reservation."""

ATTEMPT_TRANSITIONS: Final[dict[str, frozenset[str]]] = {
    "sent": frozenset({"done", "in_doubt", "refused"}),
    "in_doubt": frozenset({"done", "refused"}),
    "refused": frozenset({"sent"}),
    "done": frozenset(),
}
ATTEMPT_STATES_OPEN: Final = frozenset({"sent", "in_doubt"})

NOTICE_OUTCOMES: Final = (
    "captured",
    "duplicate",
    "conflict",
    "unapplied",
    "refund_done",
    "refund_refused",
    "refund_known",
    "unknown_number",
    "confirmed_nothing",
)
"""What a stored notice came to."""

BREAK_KINDS: Final = (
    "payment_missing_here",
    "payment_missing_at_provider",
    "refund_missing_here",
    "refund_missing_at_provider",
    "amount_differs",
    "ledger_differs",
)
