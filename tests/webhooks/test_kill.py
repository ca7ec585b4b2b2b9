"""kill -9 of the sending process, again and again: every event arrives, each under its own id, none is
invented.
"""

import os
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest
from django.conf import settings

from kamao.kernel.ids import encode
from tests.webhooks.support import Receiver, make_endpoint, make_owner, publish, rows

pytestmark = pytest.mark.django_db(transaction=True)

ROOT = Path(__file__).resolve().parents[2]
EVENTS = 2_000
KILLS = 3


def start_worker():
    command = [sys.executable, str(Path(__file__).with_name("worker_process.py")), settings.KAMAO_CONNINFO]
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    process = subprocess.Popen(command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdout.readline().startswith(b"ready")
    return process


def stop(process, *, kill):
    if kill:
        process.kill()
    process.stdin.close()
    process.wait(20)
    process.stdout.close()


def wait_for(condition, *, limit_s=40.0):
    until = time.monotonic() + limit_s
    while not condition():
        assert time.monotonic() < until, "the condition did not come true"
        time.sleep(0.002)


def test_killed_senders_lose_no_event_and_invent_none():
    chance = random.Random(7)
    owner = make_owner()
    with Receiver() as receiver:
        make_endpoint(owner, receiver.url)
        ids = []
        for _ in range(EVENTS // 1_000):
            ids += publish(owner, 1_000)
        expected = {encode("evt", id_) for id_ in ids}
        for _ in range(KILLS):
            process = start_worker()
            reached = len(receiver.seen) + chance.randrange(20, 400)
            wait_for(lambda reached=reached: len(receiver.seen) >= min(reached, EVENTS))
            stop(process, kill=True)
        process = start_worker()
        try:
            wait_for(
                lambda: rows("SELECT count(*) FROM webhook_delivery WHERE state = 'delivered'") == [(EVENTS,)]
            )
        finally:
            stop(process, kill=False)
        assert set(receiver.ids) == expected
        assert rows("SELECT count(*) FROM webhook_delivery") == [(EVENTS,)]
        # At least once: what was in flight at a kill may come twice, nothing else.
        assert len(receiver.seen) - EVENTS <= KILLS * 600
        seen_by_id = {}
        for headers, body in receiver.seen:
            assert seen_by_id.setdefault(headers["webhook-id"], body) == body


def test_lost_database_connections_lose_no_event(database_server):
    owner = make_owner()
    with Receiver() as receiver:
        make_endpoint(owner, receiver.url)
        ids = publish(owner, 1_500)
        process = start_worker()
        try:
            for reached in (50, 300, 700):
                wait_for(lambda reached=reached: len(receiver.seen) >= reached)
                database_server.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    " WHERE datname LIKE 'kamao_copy_%' AND application_name LIKE 'kamao-%'"
                )
            wait_for(
                lambda: rows("SELECT count(*) FROM webhook_delivery WHERE state = 'delivered'") == [(1_500,)]
            )
        finally:
            stop(process, kill=False)
        assert set(receiver.ids) == {encode("evt", id_) for id_ in ids}
