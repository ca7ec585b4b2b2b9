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
            self._commands.append((name, arrays, _BINARIES[: len(arrays)], answer))
        else:
            moment = at.isoformat().encode()
            self._commands.append((name, (moment, *arrays), _TEXT_FIRST[: len(arrays) + 1], answer))

    def send(self, *, commit: bool = False, sent: Callable[[], None] | None = None) -> None:
        """Send everything and wait for every answer; ``commit`` ends the transaction in the same round trip.
        ``sent`` is called as soon as everything is on its way.

        Raises psycopg's own error for the first statement that failed; nothing was committed then, and the
        transaction is to be rolled back. An OperationalError of a lost connection leaves a commit unknown.
        """
        commands, self._commands = self._commands, []
        connection = self._connection
        pgconn = connection.pgconn
        is_open = pgconn.transaction_status == pq.TransactionStatus.INTRANS
        if commands and not is_open:
            commands.insert(0, (_BEGIN, (), (), None))
        if commit and (commands or is_open):
            commands.append((_COMMIT, (), (), None))
        if not commands:
            return
        with connection.lock:
            pgconn.enter_pipeline_mode()
            known = burst_statements.setdefault(connection, {})
            try:
                awaited: list[Answer | None] = []
                for name, parameters, formats, answer in commands:
                    label = known.get(name)
                    if label is None:
                        label = known[name] = f"{name}#{next(_generations)}".encode()
                        pgconn.send_prepare(label, _text_of(name))
                        awaited.append(None)
                    pgconn.send_query_prepared(label, parameters, formats, pq.Format.BINARY)
                    awaited.append(answer)
                pgconn.pipeline_sync()
                if sent is not None:
                    self._flush(pgconn)
                    sent()
                self._receive(pgconn, awaited)
            except BaseException:
                # What the server prepared before it failed is unknown: forget all, and take fresh names next
                # time.
                known.clear()
                raise
            finally:
                if pgconn.status == pq.ConnStatus.OK:
                    pgconn.exit_pipeline_mode()

    def _receive(self, pgconn: pq.abc.PGconn, awaited: Sequence[Answer | None]) -> None:
        """Read every command's result and the closing sync; remember the first error."""
        poll = select.poll()
        poll.register(pgconn.socket, select.POLLIN)
        self._flush(pgconn)
        transformer = Transformer(self._connection)
        failed: pq.abc.PGresult | None = None
        for answer in awaited:
            while (result := _next_result(pgconn, poll)) is not None:
                status = result.status
                if status == pq.ExecStatus.TUPLES_OK:
                    if answer is not None:
                        transformer.set_pgresult(result)
                        answer.rows = transformer.load_rows(0, result.ntuples, tuple)
                elif failed is None and status not in _HARMLESS:
                    failed = result
        if failed is None or pgconn.status == pq.ConnStatus.OK:
            _next_result(pgconn, poll)  # the sync
        if failed is not None:
            code = failed.error_field(pq.DiagnosticField.SQLSTATE)
            kind = lookup(code.decode()) if code else OperationalError
            raise kind(failed.get_error_message(), info=failed)

    def _flush(self, pgconn: pq.abc.PGconn) -> None:
        """Push out what libpq has buffered, reading meanwhile, so that neither side waits for the other."""
        if pgconn.flush() == 0:
            return
        poll = select.poll()
        poll.register(pgconn.socket, select.POLLIN | select.POLLOUT)
        while pgconn.flush():
            poll.poll(60_000)
            pgconn.consume_input()


def _next_result(pgconn: pq.abc.PGconn, poll: select.poll) -> pq.abc.PGresult | None:
    """Return the next result of the pipeline, None at the end of a command's results."""
    while pgconn.is_busy():
        poll.poll(60_000)
        pgconn.consume_input()
    return pgconn.get_result()


def _text_of(name: str) -> bytes:
    """Return a command's text with numbered placeholders instead of ``%s``."""
    if name in (_BEGIN, _COMMIT):
        return name.encode()
    parts = statement(name).split("%s")
    return "".join(
        part + (f"${place}" if place < len(parts) else "") for place, part in enumerate(parts, 1)
    ).encode()
