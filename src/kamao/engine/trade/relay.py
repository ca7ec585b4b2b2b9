"""The sequencer: gives committed events their numbers, one writer at a time. Refuses to number anything
unseen.

Outbox rows are taken as rows, not as a range of ids, so a transaction that commits late is simply taken
later.
"""

from kamao.engine.pool import Connection
from kamao.engine.statements import statement


def sequence_events(connection: Connection, *, limit: int = 2_000) -> int:
    """Move up to ``limit`` committed outbox rows, and the announcements of about as many orders, into the
    event log with consecutive numbers; return how many.

    Waits for no one: where another process is sequencing, it returns 0.
    """
    with connection.cursor() as cursor:
        cursor.execute(statement("trade/lock_sequence"))
        row = cursor.fetchone()
        if row is None:
            return 0
        cursor.execute(statement("trade/sequence_events"), {"seq": row[0], "limit": limit})
        count = cursor.rowcount
        if count:
            cursor.execute(statement("trade/advance_sequence"), (count,))
    return count
