"""The worker's rounds on a real database: pacing, isolation, partitions, a sign of life."""

import threading
from datetime import UTC, datetime

import psycopg
import pytest

from kamao.engine.cells import ALL
from kamao.engine.pool import CellPool
from kamao.kernel.clock import ManualClock
from kamao.kernel.sealing import Keyring
from kamao.worker import engine_rounds, heartbeat, housekeeping
from kamao.worker.context import WorkerContext
from kamao.worker.models import Heartbeat
from kamao.worker.schedule import Loop, Schedule

MOMENT = datetime(2031, 5, 17, 8, tzinfo=UTC)


@pytest.fixture
def context(conninfo):
    pools = {cell.schema: CellPool(conninfo, cell, size=2) for cell in ALL}
    context = WorkerContext(
        clock=ManualClock(MOMENT), pools=pools, keyring=Keyring.generate(), conninfo=conninfo
    )
    yield context
    context.close()


def partitions(conninfo, schema):
    with psycopg.connect(conninfo) as connection:
        rows = connection.execute(
            "SELECT tablename FROM pg_tables WHERE schemaname = %s AND tablename LIKE 'trade_order_2031%%'",
            (schema,),
        ).fetchall()
    return sorted(row[0] for row in rows)


@pytest.mark.parametrize("schema", ["cell0", "test0"])
def test_partitions_exist_before_a_row_needs_them(context, conninfo, schema):
    assert partitions(conninfo, schema) == []
    assert engine_rounds.make_partitions(context) == 0
    expected = [f"trade_order_2031{month:02}" for month in (5, 6, 7, 8)]
    assert partitions(conninfo, schema) == expected
    assert engine_rounds.make_partitions(context) == 0
    assert partitions(conninfo, schema) == expected


def test_rounds_without_work_do_nothing(context):
    assert engine_rounds.settle_due(context) == 0
    assert engine_rounds.roll_up_accounts(context) == 0


@pytest.mark.django_db(transaction=True)
def test_a_worker_shows_that_it_lives_and_falls_silent(context):
    Heartbeat.objects.create(process="gone", beat_at=datetime(2031, 5, 17, 6, tzinfo=UTC))
    assert heartbeat.beat(context) == 0
    assert list(Heartbeat.objects.values_list("process", "beat_at")) == [(heartbeat.PROCESS, MOMENT)]
    assert housekeeping.forget_old(context) == 0
    heartbeat.fall_silent()
    assert Heartbeat.objects.count() == 0


def test_a_failing_loop_is_repeated_and_leaves_the_others_alone(context):
    tried, worked = threading.Event(), threading.Event()
    rounds = {"failing": 0, "working": 0}

    def failing(given):
        rounds["failing"] += 1
        if rounds["failing"] >= 2:
            tried.set()
        raise RuntimeError("on purpose")

    def working(given):
        assert given is context
        rounds["working"] += 1
        if rounds["working"] == 50:
            worked.set()
        return 1

    schedule = Schedule([Loop("failing", failing, 0.0), Loop("working", working, 3600.0)], context)
    schedule.start()
    assert worked.wait(20), "while there is work, a loop does not pause"
    assert tried.wait(20), "a failing loop is called again"
    schedule.stop()
    after = dict(rounds)
    schedule.stop()
    assert rounds == after
