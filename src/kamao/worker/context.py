"""What a worker's loops get to work with: the clock, the engine's pools and the keyring.

Owns opening and closing them, once per process.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from kamao.engine.cells import ALL, Cell
from kamao.engine.pool import CellPool
from kamao.kernel.clock import Clock, SystemClock
from kamao.kernel.sealing import Keyring


@dataclass(frozen=True)
class WorkerContext:
    """Handed to every round of every loop."""

    clock: Clock
    pools: Mapping[str, CellPool]
    """The engine's pools by schema: `pools["cell0"]`, `pools["test0"]`."""
    keyring: Keyring
    conninfo: str

    def pool(self, cell: Cell) -> CellPool:
        """The pool of one cell."""
        return self.pools[cell.schema]

    def close(self) -> None:
        """Close the pools."""
        for pool in self.pools.values():
            pool.close()


def open_context(*, conninfo: str, keyring: Keyring, pool_size: int = 3) -> WorkerContext:
    """Open pools to every cell."""
    pools = {cell.schema: CellPool(conninfo, cell, size=pool_size) for cell in ALL}
    return WorkerContext(clock=SystemClock(), pools=pools, keyring=keyring, conninfo=conninfo)
