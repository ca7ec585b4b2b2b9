"""F1 to F5: orders through the public API against pgbench on the same server, alternating, medians of the
rounds.
"""

import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import msgspec
import psycopg

from kamao.engine.pool import CellPool
from kamao.runtime.bench import pgbench
from kamao.runtime.bench.history import add_history
from kamao.runtime.bench.load import LoadResult, LoadSpec
from kamao.runtime.bench.node import BenchNode
from kamao.runtime.bench.prepare import Prepared, prepare, stock
from kamao.runtime.bench.report import Measure, median_and_spread

BATCH = 200
BATCH_CONNECTIONS = 8


class OrderBench:
    """The order measures on one prepared node."""

    def __init__(self, node: BenchNode, pool: CellPool, *, seconds: float, rounds: int) -> None:
        self._node = node
        self._pool = pool
        self._seconds = seconds
        self._rounds = rounds
        self._tag = 0
        self._codes_per_round = int(seconds * 20_000)
        self.prepared: Prepared = prepare(pool, node.base_url, merchants=50, skus=200, codes=0)
        self.single: list[LoadResult] = []
        self.batched: list[LoadResult] = []
        self.reference: list[float] = []

    def refill(self, codes: int) -> None:
        """Put fresh codes under every SKU."""
        each = codes // len(self.prepared.offers)
        with self._pool.transaction() as connection:
            rows = connection.execute(
                "SELECT id, sku FROM pricing_offer WHERE id = ANY (%s)", (self.prepared.offers,)
            ).fetchall()
        for offer, sku in rows:
            stock(self._pool, offer=offer, sku=sku, supplier=self.prepared.supplier, count=each)

    def load(
        self, *, batch: int = 0, rate: float = 0.0, keys: int = 0, skus: int = 0, seconds: float = 0.0
    ) -> LoadResult:
        """Run the load generator in its own process; raise where anything was refused."""
        self._tag += 1
        spec = LoadSpec(
            "127.0.0.1",
            self._node.port,
            self.prepared.keys[: keys or None],
            self.prepared.skus[: skus or None],
            f"r{self._tag}",
            connections=BATCH_CONNECTIONS if batch else 128,
            seconds=seconds or self._seconds,
            batch=batch,
            rate=rate,
        )
        done = subprocess.run(
            [sys.executable, "-m", "kamao.runtime.bench.load"],
            input=msgspec.json.encode(spec),
            capture_output=True,
            check=True,
            timeout=600,
        )
        result = msgspec.json.decode(done.stdout, type=LoadResult)
        if result.errors:
            raise RuntimeError(f"orders were refused, the run does not count: {result.errors}")
        return result

    def rounds(self) -> None:
        """Alternate reference, single orders and batches, on a stock that lies there from the beginning."""
        self.refill(60_000 + self._rounds * 2 * self._codes_per_round)
        # As pgbench does with its own tables when they are filled.
        pgbench.vacuum(self._node.home)
        self.load(seconds=2.0)
        for _ in range(self._rounds):
            self.reference.append(pgbench.tps(self._node.home, seconds=int(self._seconds)))
            self.single.append(self.load())
            self.batched.append(self.load(batch=BATCH))

    def f1_f2(self) -> list[Measure]:
        """Single and batched orders per second against TPC-B."""
        reference, reference_spread = median_and_spread(self.reference)
        measures = []
        for name, text, results, bar, aim in (
            ("F1", "orders/s, POST /orders, 128 connections", self.single, 1.2, 2.0),
            ("F2", f"orders/s, POST /orders/batch of {BATCH}", self.batched, 1.8, 2.5),
        ):
            value, spread = median_and_spread([result.per_second for result in results])
            cpu = sum(result.cpu_s for result in results) / sum(result.seconds for result in results)
            p99 = max(result.p99_ms for result in results)
            ratios = tuple(
                result.per_second / before for result, before in zip(results, self.reference, strict=True)
            )
            rounds = " ".join(f"{ratio:.2f}" for ratio in ratios)
            note = f"rounds {rounds}; p99 {p99:.0f} ms; generator {cpu:.0%} of a core; "
            measures.append(
                Measure(
                    name,
                    text,
                    value,
                    "/s",
                    bar,
                    aim,
                    reference,
                    f"tps ({reference_spread})",
                    spread=spread,
                    note=note,
                    ratios=ratios,
                )
            )
        return measures

    def f3(self) -> Measure:
        """p99 at half of the peak, open loop, against pgbench at half of its own."""
        rate = median_and_spread([result.per_second for result in self.single])[0] / 2
        reference_rate = median_and_spread(self.reference)[0] / 2
        ours, theirs = [], []
        self.refill(int(rate * self._seconds * self._rounds * 1.1))
        for _ in range(self._rounds):
            theirs.append(pgbench.p99_ms_at(self._node.home, rate=reference_rate, seconds=int(self._seconds)))
            ours.append(self.load(rate=rate).p99_ms)
        value, spread = median_and_spread(ours)
        return Measure(
            "F3", f"p99 at {rate:,.0f}/s, open loop", value, "ms", 3.0, 1.5, median_and_spread(theirs)[0],
            f"ms pgbench -R {reference_rate:,.0f}", less_is_better=True, spread=spread,
        )  # fmt: skip

    def f4(self) -> Measure:
        """One hot SKU and one hot merchant after 100 000 sold codes, with an old snapshot held open."""
        hot = self.prepared.offers[0]
        with self._pool.transaction() as connection:
            row = connection.execute("SELECT sku FROM pricing_offer WHERE id = %s", (hot,)).fetchone()
        assert row is not None, "the offer was made"
        runs = self._rounds + 1
        count = 100_000 + int(self._seconds * 20_000) * runs
        stock(self._pool, offer=hot, sku=row[0], supplier=self.prepared.supplier, count=count)
        with self._old_snapshot():
            self._sell_hot(100_000)
            self.refill(self._codes_per_round * self._rounds)
            hot_runs, spread_runs = [], []
            for _ in range(self._rounds):
                spread_runs.append(self.load().per_second)
                hot_runs.append(self.load(keys=1, skus=1).per_second)
        value, spread = median_and_spread(hot_runs)
        return Measure(
            "F4", "one hot SKU and merchant, old reader open", value, "/s", 0.8, 0.95,
            median_and_spread(spread_runs)[0], "/s spread", spread=spread,
        )  # fmt: skip

    def _sell_hot(self, count: int) -> None:
        sold = 0
        while sold < count:
            sold += self.load(batch=BATCH, keys=1, skus=1, seconds=2.0).orders

    @contextmanager
    def _old_snapshot(self) -> Iterator[None]:
        """Hold a REPEATABLE READ snapshot, as a long report would, so that vacuum removes nothing."""
        done = threading.Event()
        ready = threading.Event()

        def hold() -> None:
            with self._pool.transaction() as connection:
                connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
                connection.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
                connection.execute("SELECT count(*) FROM pricing_epoch")
                ready.set()
                done.wait(600)

        reader = threading.Thread(target=hold, name="old-reader")
        reader.start()
        ready.wait(10)
        try:
            yield
        finally:
            done.set()
            reader.join()

    def f5(self, owner: psycopg.Connection[tuple[object, ...]], *, orders: int) -> Measure:
        """Single orders with past orders in the tables against the same node before."""
        self.refill(2 * self._codes_per_round * self._rounds)
        before = [self.load().per_second for _ in range(self._rounds)]
        add_history(owner, orders=orders)
        after = [self.load().per_second for _ in range(self._rounds)]
        value, spread = median_and_spread(after)
        return Measure(
            "F5", f"orders/s with {orders:,} past orders", value, "/s", 0.85, 0.95,
            median_and_spread(before)[0], "/s without", spread=spread,
        )  # fmt: skip
