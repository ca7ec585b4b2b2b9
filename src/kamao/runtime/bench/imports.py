"""F6: importing 100 000 codes (parse, seal, duplicate check, store) against COPY of the same sealed rows."""

import secrets
import time
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import psycopg
from psycopg import sql

from kamao.business.engine_tools import tools_for
from kamao.engine.cells import LIVE
from kamao.engine.pool import CellPool
from kamao.engine.stock.operations import import_codes, open_lots
from kamao.engine.stock.types import NewCode, NewLot
from kamao.runtime.bench.prepare import Prepared
from kamao.runtime.bench.report import Measure, median_and_spread

CODES = 100_000
_CHUNK = 10_000


def _lines() -> list[str]:
    return [f"{10**13 + secrets.randbelow(10**13)}----{secrets.token_hex(8).upper()}" for _ in range(CODES)]


def f6(
    pool: CellPool, prepared: Prepared, owner: psycopg.Connection[tuple[Any, ...]], *, rounds: int
) -> Measure:
    """Alternate the import and the COPY of what it stored."""
    ours, theirs = [], []
    with pool.transaction() as connection:
        row = connection.execute(
            "SELECT sku FROM pricing_offer WHERE id = %s", (prepared.offers[0],)
        ).fetchone()
    assert row is not None, "the offer was made"
    for _ in range(rounds):
        lot = tools_for(LIVE).ids.new()
        lines = _lines()
        started = time.perf_counter()
        _import(pool, lot, lines, offer=prepared.offers[0], sku=row[0], supplier=prepared.supplier)
        ours.append(CODES / (time.perf_counter() - started))
        theirs.append(_copy(owner, lot))
    value, spread = median_and_spread(ours)
    return Measure(
        "F6",
        "codes/s imported",
        value,
        "/s",
        0.25,
        0.5,
        median_and_spread(theirs)[0],
        "/s COPY",
        spread=spread,
    )


def _import(pool: CellPool, lot: UUID, lines: list[str], *, offer: UUID, sku: UUID, supplier: UUID) -> None:
    tools = tools_for(LIVE)
    at = datetime.now(UTC)
    with pool.transaction() as connection:
        open_lots(
            connection, [NewLot(lot, offer, supplier, sku, source="bench")], at=at, keyring=tools.keyring
        )
    for start in range(0, len(lines), _CHUNK):
        parts = [line.partition("----") for line in lines[start : start + _CHUNK]]
        codes = [NewCode(number, secret) for number, _, secret in parts]
        with pool.transaction() as connection:
            outcomes = import_codes(connection, lot, codes, at=at, ids=tools.ids, keyring=tools.keyring)
        if set(outcomes) != {"imported"}:
            raise RuntimeError("codes were refused, the run does not count")


def _copy(owner: psycopg.Connection[tuple[Any, ...]], lot: UUID) -> float:
    """COPY the same sealed rows back into a table with the same indexes and return rows per second."""
    with owner.cursor() as cursor:
        selected = sql.SQL(
            "COPY (SELECT id, offer, lot, expires_at, state, sealed FROM cell0.stock_code WHERE lot = {})"
            " TO STDOUT"
        )
        with cursor.copy(selected.format(sql.Literal(str(lot)))) as out:
            rows = b"".join(bytes(part) for part in out)
        cursor.execute("CREATE TABLE cell0.bench_copied (LIKE cell0.stock_code INCLUDING ALL)")
        started = time.perf_counter()
        with cursor.copy(
            "COPY cell0.bench_copied (id, offer, lot, expires_at, state, sealed) FROM STDIN"
        ) as copy:
            copy.write(rows)
        seconds = time.perf_counter() - started
        cursor.execute("DROP TABLE cell0.bench_copied")
    return CODES / seconds
