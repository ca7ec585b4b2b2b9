"""Misbehaviour on purpose: which fault meets which operation.

Owns: the kinds of fault, the draw. Refuses: randomness that cannot be repeated. Whether a fault with a
share below 1000 per mille strikes is decided by SHA-256 over (seed, fault, operation, subject, how often
this subject came by), so the same seed and the same calls give the same failures.
"""

import hashlib
import sqlite3
from typing import Final

import msgspec

ANSWERED: Final = frozenset(
    {"hang_before", "hang_after", "drop_before", "drop_after", "error", "garbage", "bad_signature"}
)
KINDS: Final[dict[str, frozenset[str]]] = {
    "create": ANSWERED,
    "query": ANSWERED,
    "close": ANSWERED,
    "refund": ANSWERED | {"refuse", "in_doubt"},
    "refund_query": ANSWERED,
    "bill": ANSWERED | {"omit_line", "alter_amount"},
    "pay": frozenset({"wrong_amount", "pay_twice"}),
    "notify": frozenset({"delay", "duplicate", "lose", "forge", "wrong_amount"}),
}
"""What each operation can suffer. *before*: nothing is done; *after*: it is done, and only the answer is
lost.
"""

UNIT_OF_VALUE: Final = {
    "hang_before": "s", "hang_after": "s", "in_doubt": "s", "delay": "s", "duplicate": "copies",
    "wrong_amount": "minor", "alter_amount": "minor",
}  # fmt: skip


class Fault(msgspec.Struct, forbid_unknown_fields=True):
    """An instruction to misbehave.

    `subject` limits it to one order number (empty: any); `per_mille` is how often it strikes, `remaining`
    how many more times it may (None: for ever); `value` is seconds, copies or minor units by kind, and may
    be negative for amounts.
    """

    operation: str
    kind: str
    subject: str = ""
    per_mille: int = 1000
    remaining: int | None = None
    value: int = 0
    id: int = 0

    def problem(self) -> str:
        """What is wrong with this instruction; empty when nothing is."""
        if self.kind not in KINDS.get(self.operation, frozenset()):
            return f"{self.operation} cannot suffer {self.kind}"
        if not 0 < self.per_mille <= 1000:
            return "per_mille lies between 1 and 1000"
        if self.remaining is not None and self.remaining < 1:
            return "remaining is at least 1, or absent"
        return ""


def strikes(*, seed: str, fault: Fault, subject: str, occurrence: int) -> bool:
    """Whether this fault meets this occurrence of its operation on this subject; pure."""
    if fault.per_mille >= 1000:
        return True
    text = f"{seed}|{fault.id}|{fault.operation}|{fault.kind}|{subject}|{occurrence}"
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") % 1000 < fault.per_mille


def draw_faults(db: sqlite3.Connection, *, operation: str, subject: str) -> dict[str, Fault]:
    """The faults that strike now, by kind, on an open write transaction; each one drawn is counted down."""
    rows = db.execute(
        "SELECT operation, kind, subject, per_mille, remaining, value, id FROM faults"
        " WHERE operation = ? AND subject IN ('', ?) ORDER BY id",
        (operation, subject),
    ).fetchall()
    if not rows:
        return {}
    key = f"{operation}|{subject}"
    occurrence = db.execute(
        "INSERT INTO draws VALUES (?, 1) ON CONFLICT (key) DO UPDATE SET count = count + 1 RETURNING count",
        (key,),
    ).fetchone()[0]
    seed = db.execute("SELECT value FROM settings WHERE key = 'seed'").fetchone()[0]
    struck: dict[str, Fault] = {}
    for row in rows:
        fault = Fault(*row)
        if fault.kind in struck or not strikes(
            seed=seed, fault=fault, subject=subject, occurrence=occurrence
        ):
            continue
        struck[fault.kind] = fault
        if fault.remaining is not None:
            db.execute("UPDATE faults SET remaining = remaining - 1 WHERE id = ?", (fault.id,))
    db.execute("DELETE FROM faults WHERE remaining = 0")
    return struck
