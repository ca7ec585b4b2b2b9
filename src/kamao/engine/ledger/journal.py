"""The one way money is posted: know the floored accounts, decide, write. Owns entry numbers and balances
after.

A journal lives for one transaction. It refuses to post to a floored account that it has not been given, and
tells in advance whether a posting would break a floor. Whoever locked the accounts first knows that; whoever
only read them is held to the floor by the database when the journal is written, and must then decide again.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from kamao.engine.arrays import bigints, id_numbers, ids, integers, maybe_ids, texts
from kamao.engine.burst import Burst
from kamao.engine.ledger.accounts import Account
from kamao.engine.pool import Connection
from kamao.engine.statements import statement
from kamao.kernel.ids import IdSource, sql_array


class FlooredAccount:
    """A floored account with its balance as the journal goes on: under this transaction's row lock, or as it
    was read by somebody who will be held to the floor when the journal is written.
    """

    __slots__ = (
        "balance", "currency", "entry_no", "floor_minor", "id", "owner", "pending", "place", "read",
    )  # fmt: skip

    def __init__(
        self,
        key: UUID,
        owner: UUID | None,
        currency: str,
        balance: int,
        pending: int,
        floor: int,
        entry_no: int,
    ) -> None:
        self.id = key
        self.owner = owner
        self.currency = currency
        self.balance = balance
        self.pending = pending
        self.floor_minor = floor
        self.entry_no = entry_no
        self.read = (balance, pending, entry_no)
        self.place = 0

    @property
    def changed(self) -> bool:
        """Whether the journal moved it since it was read or written."""
        return self.read != (self.balance, self.pending, self.entry_no)

    @property
    def available_minor(self) -> int:
        """What may be taken without breaking the floor or touching a hold."""
        return self.balance - self.pending - self.floor_minor


class Journal:
    """Postings of one transaction. Lock or read accounts, post in order, write once."""

    def __init__(self, *, at: datetime, ids: IdSource) -> None:
        self._at = at
        self._ids = ids
        self._floored: dict[int, FlooredAccount] = {}
        self._rows: list[_Row] = []
        self._deltas: dict[int, int] = {}

    def lock(self, connection: Connection, accounts: Iterable[Account]) -> None:
        """Lock the floored ones among these accounts, in id order. Call once, before anything is decided."""
        wanted = sorted({account.id for account in accounts if account.floored})
        if wanted:
            with connection.cursor() as cursor:
                cursor.execute(statement("ledger/lock_accounts"), (sql_array(wanted),))
                self.adopt([FlooredAccount(*row) for row in cursor])

    def adopt(self, accounts: Iterable[FlooredAccount]) -> None:
        """Take over accounts that somebody has locked or read, unchanged since an earlier journal wrote
        them.
        """
        for account in accounts:
            self._floored[account.id.int] = account

    def covers(self, account: Account, amount_minor: int) -> bool:
        """Tell whether a debit of a floored account would keep its floor."""
        return self.available_minor(account) >= amount_minor

    def available_minor(self, account: Account) -> int:
        """Return what may be taken of a known account; of one that is not known, nothing."""
        row = self._floored.get(account.id.int)
        return row.available_minor if row is not None else 0

    def post(
        self,
        kind: str,
        *,
        debit: Account,
        credit: Account,
        amount_minor: int,
        order: UUID | None = None,
        subject: UUID | None = None,
    ) -> int:
        """Append a posting and return its place in this journal (see ``flush``).

        The caller has asked ``covers`` before; the database's CHECK has the last word.
        """
        assert amount_minor > 0, "a posting moves something"
        assert debit.currency == credit.currency, "one posting, one currency"
        left, right = self._move(debit, -amount_minor), self._move(credit, amount_minor)
        self._rows.append(
            (kind, debit.id, credit.id, amount_minor, debit.currency, order, subject, left, right)
        )
        return len(self._rows) - 1

    def _move(self, account: Account, change: int) -> "_Stand | None":
        """Change an account and return where the posting leaves it, None for one without a floor."""
        if not account.floored:
            signed = change * account.normal
            key = account.id.int
            self._deltas[key] = self._deltas.get(key, 0) + signed
            return None
        row = self._floored[account.id.int]
        row.balance += change
        row.entry_no += 1
        return row, row.entry_no, row.balance

    def hold(self, account: Account, change_minor: int) -> None:
        """Change the pending amount of a known account; the hold's own row is the caller's."""
        row = self._floored[account.id.int]
        row.pending += change_minor

    def flush(self, connection: Connection) -> list[UUID]:
        """Write postings, balances and deltas; return the postings' ids in the order they were appended."""
        burst = Burst(connection)
        written = self.add_to(burst)
        burst.send()
        return [UUID(int=number) for number in written]

    def add_to(self, burst: Burst) -> Sequence[int]:
        """Let a burst write postings, balances and deltas; return the postings' ids, as numbers, in the order
        they were appended.
        """
        rows = self._rows
        changed = sorted([row for row in self._floored.values() if row.changed], key=_number)
        if not rows and not changed:
            return []
        written = self._ids.numbers(len(rows)) if rows else []
        deltas = {account: amount for account, amount in self._deltas.items() if amount}
        for place, account in enumerate(changed, 1):
            account.place = place
        burst.add(
            "ledger/post",
            ids([account.id for account in changed]),
            bigints([account.balance - account.read[0] for account in changed]),
            bigints([account.pending - account.read[1] for account in changed]),
            bigints([account.entry_no - account.read[2] for account in changed]),
            id_numbers(self._ids.numbers(len(deltas))),
            id_numbers(deltas),
            bigints(list(deltas.values())),
            id_numbers(written),
            texts([row[0] for row in rows]),
            ids([row[1] for row in rows]),
            ids([row[2] for row in rows]),
            bigints([row[3] for row in rows]),
            texts([row[4] for row in rows]),
            maybe_ids([row[5] for row in rows]),
            maybe_ids([row[6] for row in rows]),
            *_places([row[7] for row in rows]),
            *_places([row[8] for row in rows]),
            at=self._at,
        )
        self._rows, self._deltas = [], {}
        for account in changed:
            account.read = (account.balance, account.pending, account.entry_no)
        return written


_Stand = tuple[FlooredAccount, int, int]
_Row = tuple[str, UUID, UUID, int, str, UUID | None, UUID | None, _Stand | None, _Stand | None]


def _number(account: FlooredAccount) -> int:
    return account.id.int


def _places(stands: Sequence[_Stand | None]) -> tuple[bytes, bytes, bytes]:
    """Return of each posting's side: the account's place among those changed, and how many entries and how
    much of its change come after.
    """
    return (
        integers([None if stand is None else stand[0].place for stand in stands]),
        bigints([None if stand is None else stand[0].entry_no - stand[1] for stand in stands]),
        bigints([None if stand is None else stand[0].balance - stand[2] for stand in stands]),
    )
