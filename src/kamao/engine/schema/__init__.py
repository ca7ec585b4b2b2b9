"""The engine's tables: versioned, immutable SQL files applied to one schema at a time.

Owns installation, grants and partitions. Refuses to edit a file that was applied (its digest is kept) and to
run without a transaction.
"""

import hashlib
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from psycopg import Connection, Cursor, sql

from kamao.engine.cells import Cell
from kamao.kernel.ids import first_id_at

_HERE = Path(__file__).parent
_PARTITIONED = (
    "ledger_posting",
    "trade_order",
    "trade_order_funding",
    "trade_order_party",
    "trade_delivery",
    "trade_event",
    "provenance_outbox",
)
_IMMUTABLE = (
    "ledger_posting", "ledger_hold", "ledger_hold_resolution", "ledger_transfer_key", "trade_reference",
    "trade_order_funding", "trade_order_party", "trade_order_state", "trade_event", "stock_reveal",
)  # fmt: skip
"""Tables whose rows the running node may add but never change or remove."""
_KEPT = ("trade_order", "trade_delivery", "trade_payment", "trade_refund", "stock_code", "stock_fingerprint",
         "ledger_account", "trade_purchase")  # fmt: skip
"""Tables whose rows the running node may change but never remove."""


class SchemaChanged(Exception):
    """An applied SQL file differs from the one in this version of Kamao."""


def install(connection: Connection[Any], cell: Cell, *, at: datetime | None = None) -> None:
    """Bring a cell's two schemas to this version; call inside the migration's transaction as the owner.

    Safe to repeat. ``at`` decides which monthly partitions exist from the start (default: now).
    Raises SchemaChanged where an applied file was edited.
    """
    moment = at or datetime.now(UTC)
    _install_folder(connection, cell.reference, "reference", [cell.reference], moment)
    _install_folder(connection, cell.schema, "cell", [cell.schema, cell.reference], moment)
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('search_path', %s, true)", (cell.schema,))
    ensure_partitions(connection, cell, months_back=5, months_ahead=3, at=moment)
    _grant(connection, cell)
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('search_path', 'public', true)")


def _install_folder(
    connection: Connection[Any], schema: str, folder: str, path: list[str], moment: datetime
) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql.SQL("CREATE SCHEMA IF NOT EXISTS {}").format(sql.Identifier(schema)))
        cursor.execute("SELECT set_config('search_path', %s, true)", (",".join(path),))
        cursor.execute(
            "CREATE TABLE IF NOT EXISTS schema_file (name text CONSTRAINT pk_schema_file PRIMARY KEY,"
            " sha256 text NOT NULL, applied_at timestamptz NOT NULL)"
        )
        cursor.execute("SELECT name, sha256 FROM schema_file")
        applied = dict(cursor.fetchall())
        for file in sorted((_HERE / folder).glob("*.sql")):
            text = file.read_text(encoding="utf-8")
            digest = hashlib.sha256(text.encode()).hexdigest()
            if file.name in applied:
                if applied[file.name] != digest:
                    raise SchemaChanged(f"{folder}/{file.name} was changed after it was applied to {schema}")
                continue
            cursor.execute(text)
            cursor.execute("INSERT INTO schema_file VALUES (%s, %s, %s)", (file.name, digest, moment))


def ensure_partitions(
    connection: Connection[Any], cell: Cell, *, months_back: int, months_ahead: int, at: datetime
) -> int:
    """Create the monthly partitions around a moment that are missing; return how many were made."""
    first = _month(at, -months_back)
    made = 0
    with connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = %s", (cell.schema,))
        existing = {row[0] for row in cursor.fetchall()}
        for offset in range(months_back + months_ahead + 1):
            begin, end = _month(first, offset), _month(first, offset + 1)
            for table in _PARTITIONED:
                name = f"{table}_{begin:%Y%m}"
                if name in existing:
                    continue
                cursor.execute(
                    sql.SQL("CREATE TABLE {}.{} PARTITION OF {}.{} FOR VALUES FROM ({}) TO ({})").format(
                        sql.Identifier(cell.schema),
                        sql.Identifier(name),
                        sql.Identifier(cell.schema),
                        sql.Identifier(table),
                        sql.Literal(str(first_id_at(begin))),
                        sql.Literal(str(first_id_at(end))),
                    )
                )
                made += 1
    return made


def _month(moment: datetime, offset: int) -> datetime:
    index = moment.year * 12 + moment.month - 1 + offset
    return datetime(index // 12, index % 12 + 1, 1, tzinfo=UTC)


def _grant(connection: Connection[Any], cell: Cell) -> None:
    """Give the running node what it needs and no more; the reader reads everything."""
    with connection.cursor() as cursor:
        for schema in (cell.schema, cell.reference):
            name = sql.Identifier(schema)
            cursor.execute(sql.SQL("GRANT USAGE ON SCHEMA {} TO kamao_app, kamao_reader").format(name))
            cursor.execute(
                sql.SQL(
                    "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA {} TO kamao_app"
                ).format(name)
            )
            cursor.execute(sql.SQL("GRANT SELECT ON ALL TABLES IN SCHEMA {} TO kamao_reader").format(name))
        for table in (*_IMMUTABLE, *_KEPT):
            taken = "UPDATE, DELETE" if table in _IMMUTABLE else "DELETE"
            for each in _with_partitions(cursor, cell.schema, table):
                revoked = sql.SQL("REVOKE {}, TRUNCATE ON {} FROM kamao_app")
                cursor.execute(revoked.format(sql.SQL(taken), sql.Identifier(cell.schema, each)))


def _with_partitions(cursor: Cursor[Any], schema: str, table: str) -> list[str]:
    cursor.execute(
        "SELECT tablename FROM pg_tables WHERE schemaname = %s AND (tablename = %s OR tablename ~ %s)",
        (schema, table, f"^{table}_[0-9]{{6}}$"),
    )
    return [row[0] for row in cursor.fetchall()]
