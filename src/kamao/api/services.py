"""What the API needs from its process: key cache, a pool, tools and batcher per cell, keyring, clock,
threads.

Owns opening and closing them. Refuses to start with a key file that is missing: nothing could be sealed or
opened.
"""

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Final

import msgspec
import psycopg

from kamao.api.batcher import LANES, Batcher
from kamao.api.express import Express
from kamao.api.ratelimit import RateLimiter
from kamao.business.identity.keys import KeyCache
from kamao.engine import cells
from kamao.engine.pool import CellPool, Connection, connect
from kamao.engine.stock.hints import StockHints
from kamao.engine.trade.memory import Turn
from kamao.engine.trade.submit import submit
from kamao.engine.trade.tools import TradeTools, make_tools
from kamao.engine.trade.types import OrderRequest, SubmitResult
from kamao.kernel.clock import Clock, SystemClock
from kamao.kernel.sealing import Keyring

_THREADS: Final = 6
_POOL_SIZE: Final = 4
"""Connections of a cell's pool beside those of the lanes: reads, cancels, supply."""


class CellServices(msgspec.Struct, frozen=True):
    """Everything that works in one cell."""

    cell: cells.Cell
    pool: CellPool
    hints: StockHints
    batcher: Batcher
    express: Express


class Services(msgspec.Struct, frozen=True):
    """Everything that the handlers use; one per process."""

    keys: KeyCache
    cells: dict[int, CellServices]
    keyring: Keyring
    clock: Clock
    limiter: RateLimiter
    threads: ThreadPoolExecutor
    trusts_proxy: bool

    def close(self) -> None:
        """Answer what is queued, then let go of threads and connections."""
        for services in self.cells.values():
            services.express.close()
            services.batcher.close()
        self.threads.shutdown(wait=True)
        for services in self.cells.values():
            services.pool.close()


def open_services(
    conninfo: str,
    *,
    key_file: Path,
    clock: Clock | None = None,
    lanes: int | None = None,
    trusts_proxy: bool = False,
) -> Services:
    """Open the pools of every cell. Raises KeyMissing where the key file is absent or unusable."""
    keyring = Keyring.load(key_file)
    time = clock or SystemClock()
    lane_count = lanes or int(os.environ.get("KAMAO_ORDER_LANES", str(LANES)))
    opened = {
        cell.number: _open_cell(conninfo, cell=cell, keyring=keyring, clock=time, lanes=lane_count)
        for cell in cells.ALL
    }
    return Services(
        keys=KeyCache(opened[cells.LIVE.number].pool.transaction),
        cells=opened,
        keyring=keyring,
        clock=time,
        limiter=RateLimiter(),
        threads=ThreadPoolExecutor(_THREADS, thread_name_prefix="api"),
        trusts_proxy=trusts_proxy,
    )


def _open_cell(
    conninfo: str, *, cell: cells.Cell, keyring: Keyring, clock: Clock, lanes: int
) -> CellServices:
    hints = StockHints()

    tools = make_tools(cell, keyring, hints=hints)

    def make_run() -> LaneRunner:
        return LaneRunner(conninfo, cell=cell, tools=tools, clock=clock)

    batcher = Batcher(make_run, cell=cell.schema, lanes=lanes)
    express = Express(
        batcher, connect=partial(connect, conninfo, cell), tools=tools, clock=clock, cell=cell.schema
    )
    return CellServices(cell, CellPool(conninfo, cell, size=_POOL_SIZE), hints, batcher, express)


class LaneRunner:
    """Runs one lane's batches on a connection of its own, opened when first needed and again after it was
    lost; the tools are shared by the lanes of a cell, which take turns.
    """

    def __init__(self, conninfo: str, *, cell: cells.Cell, tools: TradeTools, clock: Clock) -> None:
        self._conninfo = conninfo
        self._cell = cell
        self._tools = tools
        self._clock = clock
        self._connection: Connection | None = None

    def __call__(self, orders: Sequence[OrderRequest], turn: Turn) -> Sequence[SubmitResult]:
        """Submit and commit, deciding while it is this lane's turn. A fault rolls back; a connection that
        died is dropped, and its outcome is unknown.
        """
        connection = self._connection
        if connection is None or connection.closed:
            connection = self._connection = connect(self._conninfo, self._cell)
        try:
            return submit(connection, orders, at=self._clock.now(), tools=self._tools, turn=turn)
        except BaseException:
            self._give_up(connection)
            raise

    def _give_up(self, connection: Connection) -> None:
        try:
            connection.rollback()
        except psycopg.Error:
            connection.close()
            self._connection = None
