"""F11: signed, logged webhooks per second to a local receiver, against a bare httpx loop to the same
receiver.

Measured from end to end on the running node: from the commit of the events (outbox) through numbering,
fan-out, claim, signature and POST to the committed log line, all by the node's own worker. Refuses to count
a run in which an event was not delivered exactly once on its first attempt.
"""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Final
from uuid import UUID

import httpx

from kamao.business.identity.audit import SYSTEM
from kamao.business.identity.models import Organisation, OrganisationKind
from kamao.business.keyring import node_keyring
from kamao.business.webhooks.guard import AddressGuard
from kamao.business.webhooks.operations import create_endpoint
from kamao.business.webhooks.queries import Owner
from kamao.engine.cells import LIVE
from kamao.engine.pool import CellPool
from kamao.kernel.ids import RandomIds, sql_array
from kamao.runtime.bench.report import Measure, median_and_spread

EVENTS: Final = 5_000
_LOOP_REQUESTS: Final = 1_500
_WAIT_MAX_S: Final = 120.0
_BODY: Final = (
    b'{"id":"evt_00000000000000000000000000","type":"order.delivered","data":{"x":"' + b"x" * 400 + b'"}}'
)

_PUBLISH: Final = """
INSERT INTO trade_outbox (id, type, organisation, actor, reason, data, created_at)
SELECT id, 'order.delivered', %(organisation)s, 'bench', '', jsonb_build_object(
           'reference', 'bench-' || id, 'sku', 'bench', 'quantity', 1, 'state', 'delivered', 'amount', 1450,
           'currency', 'CNY', 'delivered_quantity', 1, 'refunded_amount', 0, 'units_refunded', 0), %(at)s
  FROM unnest(%(ids)s::uuid[]) AS id
"""
_COUNT: Final = """
SELECT count(*) FILTER (WHERE d.state = 'delivered'), coalesce(sum(d.attempts_made), 0),
       (SELECT count(*) FROM webhook_attempt a JOIN webhook_delivery x ON x.id = a.delivery_id
         WHERE x.endpoint_id = %(endpoint)s)
  FROM webhook_delivery d
 WHERE d.endpoint_id = %(endpoint)s
"""


def f11(pool: CellPool, *, rounds: int, events: int = EVENTS) -> Measure:
    """Alternate the node's own sending and the bare loop; the node must allow loopback receivers."""
    ours, theirs = [], []
    with _receiver() as url:
        for _ in range(rounds):
            theirs.append(_bare_loop(url))
            ours.append(_send(pool, url, events))
    value, spread = median_and_spread(ours)
    reference, _ = median_and_spread(theirs)
    return Measure(
        "F11",
        "webhooks/s signed, sent and logged",
        value,
        "/s",
        0.5,
        0.8,
        reference,
        "/s httpx",
        spread=spread,
    )


@contextmanager
def _receiver() -> Iterator[str]:
    """A receiver in a process of its own, so that its work is not ours."""
    command = [sys.executable, str(Path(__file__).with_name("webhook_receiver.py"))]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None, "the pipe was asked for"
        assert process.stdin is not None, "the pipe was asked for"
        yield f"http://127.0.0.1:{int(process.stdout.readline())}/hook"
        process.stdin.close()


def _bare_loop(url: str) -> float:
    """Requests per second of a plain loop of httpx over one kept connection: no signature, no log."""
    headers = {"content-type": "application/json"}
    with httpx.Client() as client:
        client.post(url, content=_BODY, headers=headers)
        started = time.perf_counter()
        for _ in range(_LOOP_REQUESTS):
            if client.post(url, content=_BODY, headers=headers).status_code != 200:
                raise RuntimeError("the receiver refused, the run does not count")
        return _LOOP_REQUESTS / (time.perf_counter() - started)


def _send(pool: CellPool, url: str, events: int) -> float:
    """Commit events for one endpoint and wait until each is delivered and logged; return events per
    second.
    """
    at = datetime.now(UTC)
    organisation = Organisation.objects.create(
        kind=OrganisationKind.MERCHANT, legal_name="bench", display_name="bench", created_at=at
    )
    made = create_endpoint(
        Owner(organisation.id, LIVE),
        url=url,
        event_types=["order.delivered"],
        actor=SYSTEM,
        keyring=node_keyring(),
        guard=AddressGuard(allow_loopback=True),
        at=at,
    )
    ids = sql_array(RandomIds(LIVE.number).many(events))
    with pool.transaction() as connection:
        connection.execute(_PUBLISH, {"organisation": organisation.id, "at": at, "ids": ids})
    started = time.perf_counter()
    _wait_delivered(pool, made.endpoint.id, events)
    return events / (time.perf_counter() - started)


def _wait_delivered(pool: CellPool, endpoint: UUID, events: int) -> None:
    until = time.perf_counter() + _WAIT_MAX_S
    while time.perf_counter() < until:
        with pool.transaction() as connection:
            row = connection.execute(_COUNT, {"endpoint": endpoint}).fetchone()
        if row == (events, events, events):
            return
        time.sleep(0.05)
    raise RuntimeError(f"not every webhook was delivered once: {row}, the run does not count")
