"""One run of the benchmarks: which measures, in which order, on one temporary node; then the books."""

import argparse
import platform
import sys

import msgspec
import psycopg
from django.conf import settings

from kamao.engine import books
from kamao.engine.cells import ALL, LIVE
from kamao.engine.pool import CellPool
from kamao.runtime import database, prepare
from kamao.runtime.bench import pgbench
from kamao.runtime.bench.catalogue import f7_f8
from kamao.runtime.bench.imports import f6
from kamao.runtime.bench.node import BenchNode, memory_pss_mb, start
from kamao.runtime.bench.orders import OrderBench
from kamao.runtime.bench.report import Measure, table
from kamao.runtime.bench.webhooks import f11

KNOWN = ("F1", "F2", "F3", "F4", "F5", "F6", "F7", "F8", "F10", "F11")


def measure_all(node: BenchNode, args: argparse.Namespace) -> int:
    """Measure what was asked for, print the table, check the books; 1 where a bar is missed, 2 where they are
    not clean.
    """
    wanted = {name.strip().upper() for name in args.only.split(",") if name.strip()} or set(KNOWN)
    unknown = wanted - set(KNOWN)
    if unknown:
        print(f"kamao: unknown measures: {', '.join(sorted(unknown))}", file=sys.stderr)
        return 1
    measures: list[Measure] = []
    if "F10" in wanted:
        measures.append(_memory(node))
    pool = CellPool(settings.KAMAO_CONNINFO, LIVE, size=4)
    address = database.node_address()
    try:
        if "F11" in wanted:
            # Before F5: a million past events would stand in the fan-out's queue.
            _say("F11: webhooks to a local receiver")
            measures.append(f11(pool, rounds=args.rounds))
        with prepare.connect(address, role=database.OWNER_ROLE, application="bench") as owner:
            if wanted & {"F1", "F2", "F3", "F4", "F5", "F6"}:
                measures += _orders(node, pool, owner, args=args, wanted=wanted)
        measures += _catalogue(wanted, pool)
    finally:
        pool.close()
    clean = _books_clean(address)
    if "F10" in wanted:
        measures.append(_warm_start(node))
    measures.sort(key=lambda item: (int(item.id[1:]), item.text))
    print(
        f"\n{platform.platform()}, Python {platform.python_version()},"
        f" fdatasync: {pgbench.sync_speed(node.home)}\n"
    )
    print(table(measures))
    print(f"\nbooks: {'clean' if clean else 'NOT CLEAN'}")
    if args.json:
        args.json.write_bytes(msgspec.json.format(msgspec.json.encode(measures), indent=1))
    if not clean:
        return 2
    return 0 if all(item.reaches(item.bar) for item in measures) else 1


def _orders(
    node: BenchNode,
    pool: CellPool,
    owner: psycopg.Connection[tuple[object, ...]],
    *,
    args: argparse.Namespace,
    wanted: set[str],
) -> list[Measure]:
    bench = OrderBench(node, pool, seconds=args.seconds, rounds=args.rounds)
    measures: list[Measure] = []
    if wanted & {"F1", "F2", "F3"}:
        _say("reference database (pgbench, scale 100)")
        pgbench.grow_wal(node.home)
        pgbench.prepare(node.home)
        _say("F1, F2: alternating with pgbench")
        bench.rounds()
        measures += [item for item in bench.f1_f2() if item.id in wanted]
        if "F3" in wanted:
            _say("F3: latency at half load")
            measures.append(bench.f3())
        pgbench.drop(node.home)
    if "F4" in wanted:
        _say("F4: one hot SKU, one hot merchant, an old reader")
        measures.append(bench.f4())
    if "F6" in wanted:
        _say("F6: importing codes")
        measures.append(f6(pool, bench.prepared, owner, rounds=args.rounds))
    if "F5" in wanted:
        _say("F5: past orders")
        bench.refill(1_000)
        measures.append(bench.f5(owner, orders=10_000_000 if args.full else 1_000_000))
    return measures


def _catalogue(wanted: set[str], pool: CellPool) -> list[Measure]:
    if not wanted & {"F7", "F8"}:
        return []
    _say("F7, F8: a catalogue of 27 000 SKUs")
    return [item for item in f7_f8(pool) if item.id in wanted]


def _memory(node: BenchNode) -> Measure:
    return Measure(
        "F10", "idle memory (PSS) of all processes", memory_pss_mb(node), "MB", 700, 450, is_limit=True
    )


def _warm_start(node: BenchNode) -> Measure:
    """Stop the node and start it again in the same home."""
    node.stop()
    again = start(node.home, port=node.port)
    node.process = again.process
    return Measure("F10", "warm start to ready", node.wait_ready(), "s", 8, 4, is_limit=True)


def _books_clean(address: database.DatabaseAddress) -> bool:
    clean = True
    for cell in ALL:
        parameters = database.connection_parameters(address, role=database.READER_ROLE, application="books")
        with psycopg.connect(**parameters) as connection:  # type: ignore[arg-type]
            connection.execute("SELECT set_config('search_path', %s, false)", (cell.search_path,))
            connection.commit()
            report = books.check(connection)
        for difference in report.differences:
            print(f"books: {cell.schema}: {difference}", file=sys.stderr)
        clean = clean and report.clean
    return clean


def _say(text: str) -> None:
    print(f"bench: {text} ...", file=sys.stderr, flush=True)
