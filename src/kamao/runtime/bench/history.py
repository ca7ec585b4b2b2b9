"""Past orders made by SQL: complete (order, money, goods, events), so that the books stay clean with them in
the tables.
"""

import time
from typing import Any

import psycopg

from kamao.runtime.bench.history_sql import OPENING, STEPS

_CHUNK = 100_000
_DAYS_AGO = 30


def add_history(owner: psycopg.Connection[tuple[Any, ...]], *, orders: int) -> None:
    """Add settled orders of one past merchant and supplier, in chunks of 100 000; each chunk commits."""
    parties = owner.execute(
        "SELECT (SELECT id FROM ref_live.pricing_offer WHERE status = 'active' ORDER BY id LIMIT 1),"
        " (SELECT id FROM cell0.trade_merchant ORDER BY id LIMIT 1)"
    ).fetchone()
    assert parties is not None, "the node was prepared"
    begin_ms = int(time.time() * 1000) - _DAYS_AGO * 86_400_000
    for start in range(0, orders, _CHUNK):
        count = min(_CHUNK, orders - start)
        with owner.transaction():
            owner.execute("SET LOCAL search_path = cell0, ref_live, public")
            owner.execute("SET LOCAL synchronous_commit = on")
            for step in (OPENING, *STEPS):
                owner.execute(
                    step,
                    {
                        "offer": parties[0],
                        "merchant": parties[1],
                        "count": count,
                        "start": start,
                        "begin_ms": begin_ms,
                    },
                )
    owner.execute("ANALYZE")
