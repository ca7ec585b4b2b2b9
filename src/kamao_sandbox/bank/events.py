"""Notifications: queued with the change they tell of, sent later, repeated until answered.

Owns: the queue, the signature on each try, the repeat schedule, the ways to misbehave while telling.
Refuses: to lose an event that it was not told to lose; an event is durable before the change it reports is
answered to anyone.
"""

import secrets
import sqlite3
import threading

import httpx
import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from kamao_sandbox.bank.protocol import (
    H_ID,
    H_SIGNATURE,
    H_TIMESTAMP,
    Event,
    PaymentView,
    RefundView,
    rfc3339,
    sign,
)
from kamao_sandbox.bank.store import Store, note, now_ms, struck_by

REPEAT_S = (1, 2, 5, 10, 30, 60, 120, 300, 600, 1800, 3600, 10800, 21600)
"""Pauses between tries, in seconds; after the last the event is given up."""
FORGED_TRIES = 3
"""A forger does not keep the bank's patience."""


def queue_event(
    db: sqlite3.Connection,
    *,
    event_type: str,
    order: sqlite3.Row,
    payment: PaymentView | None = None,
    refund: RefundView | None = None,
) -> None:
    """Queue a notification in the transaction of the change it reports, suffering the faults of `notify`."""
    subject = order["out_trade_no"]
    struck = struck_by(db, operation="notify", subject=subject)
    if not order["notify_url"]:
        return
    at = now_ms(db)
    told = payment
    if "wrong_amount" in struck and payment is not None:
        told = msgspec.structs.replace(
            payment, amount_minor=max(1, payment.amount_minor + struck["wrong_amount"].value)
        )
    event = Event(
        f"evt_{secrets.token_hex(12)}", event_type, order["merchant"], rfc3339(at), subject, told, refund
    )
    state = "lost" if "lose" in struck else "due"
    due = at + struck["delay"].value * 1000 if "delay" in struck else at
    copies = 1 + max(1, struck["duplicate"].value) if "duplicate" in struck else 1
    for copy in range(copies):
        db.execute(
            "INSERT INTO events (event_id, copy, url, body, subject, forged, state, due_ms, created_ms)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                event.id, copy, order["notify_url"], msgspec.json.encode(event), subject,
                int("forge" in struck), state, due, at,
            ),
        )  # fmt: skip


class Notifier(threading.Thread):
    """Sends what is due, one at a time, until told to stop."""

    def __init__(
        self, store: Store, key: Ed25519PrivateKey, *, repeat_s: tuple[float, ...] = REPEAT_S
    ) -> None:
        super().__init__(name="notifier", daemon=True)
        self._store = store
        self._key = key
        self._repeat_s = repeat_s
        self._wake = threading.Event()
        self._stopped = threading.Event()
        self._client = httpx.Client(timeout=5.0, trust_env=False)

    def wake(self) -> None:
        """Look at the queue now."""
        self._wake.set()

    def stop(self) -> None:
        """Finish the try in hand and end."""
        self._stopped.set()
        self._wake.set()

    def run(self) -> None:
        """Send, then rest until woken or for a short while."""
        while not self._stopped.is_set():
            if not self.send_next():
                self._wake.wait(0.2)
                self._wake.clear()

    def send_next(self) -> bool:
        """Try the event that is due longest; returns whether there was one."""
        with self._store.transaction() as db:
            row = db.execute(
                "SELECT * FROM events WHERE state = 'due' AND due_ms <= ?"
                " ORDER BY due_ms, event_id, copy LIMIT 1",
                (now_ms(db),),
            ).fetchone()
            if row is None:
                return False
            timestamp = str(now_ms(db) // 1000)
        key = Ed25519PrivateKey.generate() if row["forged"] else self._key
        headers = {
            "Content-Type": "application/json",
            H_TIMESTAMP: timestamp,
            H_ID: row["event_id"],
            H_SIGNATURE: sign(key, timestamp=timestamp, subject=row["event_id"], body=row["body"]),
        }
        try:
            answer = self._client.post(row["url"], content=row["body"], headers=headers)
            told, result = answer.status_code == 200, f"HTTP {answer.status_code}"
        except httpx.HTTPError as error:
            told, result = False, type(error).__name__
        self._record(row, told=told, result=result)
        return True

    def _record(self, row: sqlite3.Row, *, told: bool, result: str) -> None:
        attempts = row["attempts"] + 1
        tries_max = FORGED_TRIES if row["forged"] else 1 + len(self._repeat_s)
        given_up = not told and attempts >= tries_max
        with self._store.transaction() as db:
            pause_s = self._repeat_s[min(attempts, len(self._repeat_s)) - 1]
            db.execute(
                "UPDATE events SET attempts = ?, state = ?, due_ms = ? WHERE event_id = ? AND copy = ?",
                (
                    attempts, "delivered" if told else "given_up" if given_up else "due",
                    now_ms(db) + int(pause_s * 1000), row["event_id"], row["copy"],
                ),
            )  # fmt: skip
            note(db, operation="notify", subject=row["subject"], result=result)
