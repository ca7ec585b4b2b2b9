"""The bank's durable memory: orders, payments, refunds, events, instructions to misbehave.

Owns: the SQLite file, its transactions, the bank's clock. Refuses: an answer before its write is on disk
(`synchronous=FULL`). One connection behind one lock: a test bank is judged by truth, not by speed.
"""

import secrets
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from kamao_sandbox.bank.faults import Fault, draw_faults

SCHEMA = Path(__file__).with_name("schema.sql")


class Store:
    """The open database of one bank."""

    def __init__(self, path: Path, *, seed: str) -> None:
        self._lock = threading.RLock()
        self._db = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._db.row_factory = sqlite3.Row
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = FULL")
        self._db.executescript(SCHEMA.read_text())
        with self.transaction() as db:
            db.execute("INSERT INTO settings VALUES ('seed', ?) ON CONFLICT DO NOTHING", (seed,))
            db.execute("INSERT INTO settings VALUES ('clock_offset_ms', '0') ON CONFLICT DO NOTHING")

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """A serialised write transaction; committed to disk on leaving, rolled back on any exception."""
        with self._lock:
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield self._db
            except BaseException:
                self._db.execute("ROLLBACK")
                raise
            self._db.execute("COMMIT")

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._db.close()


def setting(db: sqlite3.Connection, *, key: str) -> str:
    """The value of one setting."""
    return str(db.execute("SELECT value FROM settings WHERE key = ?", (key,)).fetchone()[0])


def set_setting(db: sqlite3.Connection, *, key: str, value: str) -> None:
    """Store one setting."""
    db.execute("INSERT INTO settings VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = ?2", (key, value))


def now_ms(db: sqlite3.Connection) -> int:
    """The bank's time in Unix milliseconds: the machine's, moved by an offset that tests may set."""
    return time.time_ns() // 1_000_000 + int(setting(db, key="clock_offset_ms"))


def new_number(db: sqlite3.Connection, *, prefix: str) -> str:
    """A number of the bank's own: prefix, bank's day, 16 random hexadecimal digits."""
    day = time.strftime("%Y%m%d", time.gmtime(now_ms(db) / 1000 + 8 * 3600))
    return f"{prefix}{day}{secrets.token_hex(8)}"


def note(db: sqlite3.Connection, *, operation: str, subject: str, result: str) -> None:
    """Add a line to the journal that the control page shows; the newest 2 000 lines are kept."""
    cursor = db.execute(
        "INSERT INTO journal (at_ms, operation, subject, result) VALUES (?, ?, ?, ?)",
        (now_ms(db), operation, subject, result),
    )
    db.execute("DELETE FROM journal WHERE id <= ?", ((cursor.lastrowid or 0) - 2000,))


def add_fault(db: sqlite3.Connection, fault: Fault) -> int:
    """Store an instruction to misbehave; returns its id."""
    cursor = db.execute(
        "INSERT INTO faults (operation, kind, subject, per_mille, remaining, value)"
        " VALUES (?, ?, ?, ?, ?, ?)",
        (fault.operation, fault.kind, fault.subject, fault.per_mille, fault.remaining, fault.value),
    )
    return int(cursor.lastrowid or 0)


def list_faults(db: sqlite3.Connection) -> list[Fault]:
    """All instructions in force."""
    query = "SELECT operation, kind, subject, per_mille, remaining, value, id FROM faults ORDER BY id"
    return [Fault(*row) for row in db.execute(query)]


def struck_by(db: sqlite3.Connection, *, operation: str, subject: str) -> dict[str, Fault]:
    """The faults that meet this call, journalled."""
    struck = draw_faults(db, operation=operation, subject=subject)
    for kind in struck:
        note(db, operation=operation, subject=subject, result=f"fault: {kind}")
    return struck
