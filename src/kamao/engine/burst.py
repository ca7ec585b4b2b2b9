"""Statements of one batch sent to the server in one go, without psycopg's per-statement adaptation.

The hot path runs a dozen set-based statements per batch whose parameters are ready arrays.
Sending them through libpq's pipeline as prepared statements costs a few microseconds each instead of fifty,
and one round trip in all: every round trip also gives the interpreter's lock away and waits to get it back.
Owns preparing them once per connection, and the BEGIN and COMMIT that ride along.
"""

import itertools
import select
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, Final

from psycopg import OperationalError, pq
from psycopg.adapt import Transformer
from psycopg.errors import lookup

from kamao.engine.pool import Connection, burst_statements
from kamao.engine.statements import statement

_generations: Final = itertools.count(1)
_HARMLESS: Final = frozenset({pq.ExecStatus.COMMAND_OK, pq.ExecStatus.PIPELINE_ABORTED})
_PARAMETERS_MAX: Final = 40
_BINARIES: Final = (pq.Format.BINARY,) * _PARAMETERS_MAX
_TEXT_FIRST: Final = (pq.Format.TEXT, *_BINARIES)
_BEGIN: Final = "BEGIN"
_COMMIT: Final = "COMMIT"


class Answer:
    """The rows of a statement that was asked; filled by the ``send`` that follows."""

    __slots__ = ("rows",)

    def __init__(self) -> None:
        self.rows: Sequence[tuple[Any, ...]] = ()


_Command = tuple[str, tuple[bytes, ...], tuple[pq.Format, ...], Answer | None]


class Burst:
    """Statements gathered for one connection; ``send`` runs them in order, in its open transaction or in one
    that it opens.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._commands: list[_Command] = []
        self._flight: Flight | None = None

    def add(self, name: str, *arrays: bytes, at: datetime | None = None) -> None:
        """Append a statement by name (see ``statements``) with its arrays (see ``arrays``); its rows are
        dropped.

        ``at`` is the first parameter of statements that write when something happened.
        """
        self._append(name, arrays, at, None)

    def ask(self, name: str, *arrays: bytes) -> Answer:
        """Append a statement whose rows are wanted; they are there after ``send``."""
        answer = Answer()
        self._append(name, arrays, None, answer)
        return answer

    def _append(
        self, name: str, arrays: tuple[bytes, ...], at: datetime | None, answer: Answer | None
    ) -> None:
        if at is None:
            command = (name, arrays, _BINARIES[: len(arrays)], answer)
        else:
            moment = at.isoformat().encode()
            command = (name, (moment, *arrays), _TEXT_FIRST[: len(arrays) + 1], answer)
        if self._flight is None:
            self._commands.append(command)
        else:
            self._flight.send(command)

    def depart(self) -> None:
        """Send from here on whatever is appended at once, so that the server works on the first statement
        while the next one's parameters are made; asked again, it changes nothing. ``launch`` must follow;
        where it cannot, ``abandon``.
        """
        if self._flight is None:
            self._flight = self.launch(is_last=False)
            assert self._flight is not None, "something was appended before"

    def abandon(self) -> None:
        """Give up what has departed: the connection is closed, and the server forgets the transaction."""
        if self._flight is not None:
            self._flight.abandon()

    def send(self, *, commit: bool = False, sent: Callable[[], None] | None = None) -> None:
        """Send everything and wait for every answer; ``commit`` ends the transaction in the same round trip.
        ``sent`` is called as soon as everything is on its way.

        Raises psycopg's own error for the first statement that failed; nothing was committed then, and the
        transaction is to be rolled back. An OperationalError of a lost connection leaves a commit unknown.
        """
        flight = self.launch(commit=commit)
        if flight is not None:
            flight.wait(sent)

    def launch(self, *, commit: bool = False, is_last: bool = True) -> "Flight | None":
        """Send everything and wait for nothing; None where there is nothing to send.

        Until the flight has landed the connection is its own: whoever launches must let it land.
        """
        flight, commands, self._commands = self._flight, self._commands, []
        if flight is None:
            is_open = self._connection.pgconn.transaction_status == pq.TransactionStatus.INTRANS
            if commands and not is_open:
                commands.insert(0, (_BEGIN, (), (), None))
            if commit and (commands or is_open):
                commands.append((_COMMIT, (), (), None))
            if not commands:
                return None
            flight = Flight(self._connection)
        elif commit:
            commands.append((_COMMIT, (), (), None))
        flight.send(*commands, is_last=is_last)
        return flight


class Flight:
    """Statements on their way to the server, and their answers on the way back."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._pgconn = connection.pgconn
        self._known = burst_statements.setdefault(connection, {})
        self._awaited: list[Answer | None] = []
        self._place = 0
        self._has_landed = False
        self._failed: pq.abc.PGresult | None = None
        self._transformer = Transformer(connection)
        connection.lock.acquire()
        try:
            self._pgconn.enter_pipeline_mode()
        except BaseException:
            self._land(failed=True)
            raise

    def send(self, *commands: _Command, is_last: bool = False) -> None:
        """Send commands, the last ones of the flight or not."""
        pgconn, known, awaited = self._pgconn, self._known, self._awaited
        try:
            for name, parameters, formats, answer in commands:
                label = known.get(name)
                if label is None:
                    label = known[name] = f"{name}#{next(_generations)}".encode()
                    pgconn.send_prepare(label, _text_of(name))
                    awaited.append(None)
                pgconn.send_query_prepared(label, parameters, formats, pq.Format.BINARY)
                awaited.append(answer)
            if is_last:
                pgconn.pipeline_sync()
            pgconn.flush()
        except BaseException:
            self.abandon()
            raise

    def abandon(self) -> None:
        """Close the connection in mid-flight; the server forgets the open transaction. After a landing there
        is nothing to abandon.
        """
        if not self._has_landed:
            self._pgconn.finish()
            self._land(failed=True)

    @property
    def socket(self) -> int:
        """The socket that becomes readable when ``advance`` has something to do."""
        return self._pgconn.socket

    def is_sent(self) -> bool:
        """Push on what the socket could not take at once; true when nothing is left."""
        return self._pgconn.flush() == 0

    def advance(self) -> bool:
        """Take what has arrived; true once everything has, and the connection is free again. Raises as
        ``Burst.send`` does.
        """
        pgconn, awaited = self._pgconn, self._awaited
        try:
            pgconn.consume_input()
            while self._place < len(awaited):
                if pgconn.is_busy():
                    return False
                result = pgconn.get_result()
                if result is None:
                    self._place += 1
                else:
                    self._take(result, awaited[self._place])
            if self._failed is None or pgconn.status == pq.ConnStatus.OK:
                if pgconn.is_busy():
                    return False
                pgconn.get_result()  # the sync
        except BaseException:
            self._land(failed=True)
            raise
        self._land(failed=self._failed is not None)
        if self._failed is not None:
            code = self._failed.error_field(pq.DiagnosticField.SQLSTATE)
            kind = lookup(code.decode()) if code else OperationalError
            raise kind(self._failed.get_error_message(), info=self._failed)
        return True

    def _take(self, result: pq.abc.PGresult, answer: Answer | None) -> None:
        status = result.status
        if status == pq.ExecStatus.TUPLES_OK:
            if answer is not None:
                self._transformer.set_pgresult(result)
                answer.rows = self._transformer.load_rows(0, result.ntuples, tuple)
        elif self._failed is None and status not in _HARMLESS:
            self._failed = result

    def wait(self, sent: Callable[[], None] | None = None) -> None:
        """Wait until everything has arrived; ``sent`` is called once everything is on its way."""
        poll = select.poll()
        try:
            while not self.is_sent():
                # Reading meanwhile, so that neither side waits for the other.
                poll.register(self.socket, select.POLLIN | select.POLLOUT)
                poll.poll(60_000)
                self._pgconn.consume_input()
        except BaseException:
            self._land(failed=True)
            raise
        if sent is not None:
            sent()
        poll.register(self.socket, select.POLLIN)
        poll.poll(60_000)
        while not self.advance():
            poll.poll(60_000)

    def _land(self, *, failed: bool) -> None:
        self._has_landed = True
        if failed:
            # What the server prepared before it failed is unknown: forget all, and take fresh names next
            # time.
            self._known.clear()
        if self._pgconn.status == pq.ConnStatus.OK:
            self._pgconn.exit_pipeline_mode()
        self._connection.lock.release()


def _text_of(name: str) -> bytes:
    """Return a command's text with numbered placeholders instead of ``%s``."""
    if name in (_BEGIN, _COMMIT):
        return name.encode()
    parts = statement(name).split("%s")
    return "".join(
        part + (f"${place}" if place < len(parts) else "") for place, part in enumerate(parts, 1)
    ).encode()
