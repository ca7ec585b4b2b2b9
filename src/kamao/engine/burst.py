"""Writes of one batch sent to the server in one go, without psycopg's per-statement adaptation.

The hot path writes a dozen set-based statements per batch whose parameters are ready texts (array literals).
Sending them through libpq's pipeline as prepared statements costs a few microseconds each instead of fifty,
and one round trip in all. Owns preparing them once per connection. Refuses statements that return rows
anybody needs: a burst only writes.
"""

import itertools
import select
from typing import Final

from psycopg import pq
from psycopg.errors import lookup

from kamao.engine.pool import Connection, burst_statements
from kamao.engine.statements import statement

_generations: Final = itertools.count(1)
_GOOD: Final = frozenset({pq.ExecStatus.COMMAND_OK, pq.ExecStatus.TUPLES_OK, pq.ExecStatus.PIPELINE_SYNC})


def _numbered(text: str) -> bytes:
    """Turn ``%s`` placeholders into ``$1, $2, …``."""
    parts = text.split("%s")
    return "".join(
        part + (f"${place}" if place < len(parts) else "") for place, part in enumerate(parts, 1)
    ).encode()


class Burst:
    """Statements gathered for one connection; ``send`` runs them in order inside its open transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._commands: list[tuple[str, list[bytes]]] = []

    def add(self, name: str, *parameters: str) -> None:
        """Append a statement by name (see ``statements``) with its parameters as texts."""
        self._commands.append((name, [parameter.encode() for parameter in parameters]))

    def send(self) -> None:
        """Send everything and wait for every answer.

        Raises psycopg's own error for the first statement that failed; the transaction is then to be rolled
        back.
        """
        commands, self._commands = self._commands, []
        if not commands:
            return
        connection = self._connection
        pgconn = connection.pgconn
        known = burst_statements.setdefault(connection, {})
        assert pgconn.transaction_status == pq.TransactionStatus.INTRANS, (
            "a burst writes in an open transaction"
        )
        with connection.lock:
            pgconn.enter_pipeline_mode()
            try:
                for name, parameters in commands:
                    label = known.get(name)
                    if label is None:
                        label = known[name] = f"{name}#{next(_generations)}".encode()
                        pgconn.send_prepare(label, _numbered(statement(name)))
                    pgconn.send_query_prepared(label, parameters)
                pgconn.pipeline_sync()
                self._receive(pgconn)
            except BaseException:
                # What the server prepared before it failed is unknown: forget all, and take fresh names next
                # time.
                known.clear()
                raise
            finally:
                if pgconn.status == pq.ConnStatus.OK:
                    pgconn.exit_pipeline_mode()

    def _receive(self, pgconn: pq.abc.PGconn) -> None:
        """Read one result per command and the closing sync; remember the first error."""
        poll = select.poll()
        poll.register(pgconn.socket, select.POLLIN)
        self._flush(pgconn)
        failed: pq.abc.PGresult | None = None
        synced = False
        while not synced:
            while pgconn.is_busy():
                poll.poll(60_000)
                pgconn.consume_input()
            result = pgconn.get_result()
            if result is None:
                continue
            status = result.status
            synced = status == pq.ExecStatus.PIPELINE_SYNC
            if failed is None and status not in _GOOD and status != pq.ExecStatus.PIPELINE_ABORTED:
                failed = result
        if failed is not None:
            code = (failed.error_field(pq.DiagnosticField.SQLSTATE) or b"XX000").decode()
            raise lookup(code)(failed.get_error_message(), info=failed)

    def _flush(self, pgconn: pq.abc.PGconn) -> None:
        """Push out what libpq has buffered, reading meanwhile, so that neither side waits for the other."""
        if pgconn.flush() == 0:
            return
        poll = select.poll()
        poll.register(pgconn.socket, select.POLLIN | select.POLLOUT)
        while pgconn.flush():
            poll.poll(60_000)
            pgconn.consume_input()
