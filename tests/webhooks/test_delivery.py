"""Deliveries from event to receiver: signatures, retries, throttling, recovery, crashes, isolation."""

import asyncio
import json
import time
from datetime import UTC, datetime, timedelta

import pytest
from standardwebhooks import Webhook

from kamao.business.keyring import node_keyring
from kamao.business.webhooks import operations, rules
from kamao.business.webhooks.fan_out import fan_out_once
from kamao.business.webhooks.http import GuardedHttp
from kamao.business.webhooks.models import Delivery, Endpoint
from kamao.business.webhooks.sender import Sender
from kamao.engine.cells import LIVE, TEST
from kamao.kernel.clock import ManualClock, SystemClock
from kamao.kernel.ids import encode
from tests.webhooks.support import (
    ACTOR,
    GUARD,
    START,
    Receiver,
    cell_connection,
    connect,
    fan_out,
    make_endpoint,
    make_owner,
    publish,
    rows,
    seconds,
    send_due,
    until,
)  # fmt: skip

pytestmark = pytest.mark.django_db(transaction=True)


def now():
    """Standard Webhooks libraries refuse old timestamps, so tests that verify use the present."""
    return datetime.now(UTC)


def test_a_receiver_with_standardwebhooks_verifies_what_it_gets():
    owner = make_owner()
    with Receiver() as receiver:
        made = make_endpoint(owner, receiver.url)
        (event,) = publish(owner, data={"id": "ord_1", "state": "delivered", "name": "腾讯视频"})
        assert fan_out(owner) == 1
        assert send_due(ManualClock(now())) == 1
    (body,) = receiver.verified(made.secret)
    assert body == {
        "id": encode("evt", event),
        "type": "order.delivered",
        "schema": 1,
        "livemode": True,
        "seq": 1,
        "timestamp": "2026-11-20T04:00:00.000Z",
        "data": {"id": "ord_1", "state": "delivered", "name": "腾讯视频"},
    }
    (headers, _raw) = receiver.seen[0]
    assert headers["webhook-id"] == encode("evt", event)
    assert headers["content-type"] == "application/json"
    assert rows("SELECT state, attempts_made, last_status FROM webhook_delivery") == [("delivered", 1, 200)]
    assert rows("SELECT number, outcome, status, excerpt FROM webhook_attempt") == [
        (1, "delivered", 200, "thanks")
    ]


def test_during_a_rotation_both_secrets_verify_and_afterwards_only_the_new_one():
    owner, clock = make_owner(), ManualClock(now())
    with Receiver() as receiver:
        old = make_endpoint(owner, receiver.url)
        new = operations.rotate_secret(
            owner,
            old.endpoint.id,
            overlap=timedelta(minutes=1),
            actor=ACTOR,
            keyring=node_keyring(),
            at=clock.now(),
        )
        publish(owner)
        fan_out(owner)
        send_due(clock)
        clock.advance(timedelta(minutes=2))
        publish(owner)
        fan_out(owner)
        send_due(clock)
    (first, second) = receiver.seen
    assert len(first[0]["webhook-signature"].split()) == 2
    Webhook(old.secret).verify(first[1], first[0])
    Webhook(new.secret).verify(first[1], first[0])
    assert len(second[0]["webhook-signature"].split()) == 1
    Webhook(new.secret).verify(second[1], second[0])
    with pytest.raises(Exception, match="No matching signature"):
        Webhook(old.secret).verify(second[1], second[0])


def test_the_schedule_is_that_of_standard_webhooks_with_one_id_and_a_new_timestamp_each_time():
    owner, clock = make_owner(), ManualClock(START)
    with Receiver(500) as receiver:
        make_endpoint(owner, receiver.url)
        (event,) = publish(owner)
        fan_out(owner)
        at = []
        while True:
            ((state, next_at),) = rows("SELECT state, next_attempt_at FROM webhook_delivery")
            if state == "exhausted":
                break
            clock.advance(max(next_at - clock.now(), seconds(0)))
            assert send_due(clock) == 1
            at.append(int((clock.now() - START).total_seconds()))
            assert send_due(clock) == 0
    delays = [b - a for a, b in zip([0, *at], at, strict=False)]
    assert delays == [0, 5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400]
    assert at[-1] == 75 * 3600 + 35 * 60 + 5
    assert set(receiver.ids) == {encode("evt", event)}
    timestamps = [int(headers["webhook-timestamp"]) for headers, _body in receiver.seen]
    assert timestamps == [int(START.timestamp()) + seconds_in for seconds_in in at]
    assert rows("SELECT count(*), max(number) FROM webhook_attempt") == [(10, 10)]


def test_jitter_only_delays_and_at_most_by_a_tenth():
    assert rules.next_attempt_at(1, at=START, jitter=0.0) == START + seconds(5)
    assert rules.next_attempt_at(1, at=START, jitter=1.0) == START + seconds(5.5)
    assert rules.next_attempt_at(9, at=START, jitter=0.5) == START + seconds(86_400 * 1.05)
    assert rules.next_attempt_at(10, at=START, jitter=0.5) is None


@pytest.mark.parametrize(
    ("status", "outcome"), [(301, "redirected"), (302, "redirected"), (404, "refused"), (500, "refused")]
)
def test_only_2xx_is_success_and_redirects_are_not_followed(status, outcome):
    owner, clock = make_owner(), ManualClock(START)
    with Receiver() as elsewhere, Receiver((status, {"location": elsewhere.url})) as receiver:
        make_endpoint(owner, receiver.url)
        publish(owner)
        fan_out(owner)
        send_due(clock)
        assert elsewhere.seen == []
    assert rows("SELECT state, last_outcome, last_status, next_attempt_at FROM webhook_delivery") == [
        ("waiting", outcome, status, START + seconds(5))
    ]


def test_410_switches_the_endpoint_off_and_it_can_be_switched_on_again():
    owner, clock = make_owner(), ManualClock(START)
    with Receiver(410, 200) as receiver:
        made = make_endpoint(owner, receiver.url)
        publish(owner)
        fan_out(owner)
        send_due(clock)
        endpoint = Endpoint.objects.get()
        assert (endpoint.state, endpoint.disabled_reason, endpoint.disabled_at) == ("disabled", "gone", START)
        clock.advance(timedelta(hours=1))
        assert send_due(clock) == 0
        operations.update_endpoint(
            owner, made.endpoint.id, is_enabled=True, actor=ACTOR, guard=GUARD, at=clock.now()
        )
        assert send_due(clock) == 1
    assert rows("SELECT state FROM webhook_delivery") == [("delivered",)]


@pytest.mark.parametrize("status", [429, 502, 504])
def test_throttling_answers_pause_the_whole_endpoint_as_long_as_they_ask(status):
    owner, clock = make_owner(), ManualClock(START)
    with Receiver((status, {"retry-after": "120"}), 200) as receiver:
        make_endpoint(owner, receiver.url)
        publish(owner)
        fan_out(owner)
        assert send_due(clock) == 1
        publish(owner)
        fan_out(owner)
        clock.advance(seconds(119))
        assert send_due(clock) == 0
        clock.advance(seconds(1))
        assert send_due(clock) == 2
    assert rows("SELECT DISTINCT state FROM webhook_delivery") == [("delivered",)]
    assert rows("SELECT throttled_until, throttles_in_row FROM webhook_endpoint") == [(None, 0)]


def test_throttling_without_a_hint_waits_longer_each_time():
    assert [rules.throttled_until(n, at=START, wait_s=None) - START for n in (1, 2, 3, 4, 5, 9)] == [
        seconds(n) for n in (5, 15, 60, 180, 300, 300)
    ]


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("7", 7), ("0", 0), (" 12 ", 12), ("999999999", 3_600), ("-5", None), ("soon", None), ("", None),
        (None, None),
        ("Fri, 20 Nov 2026 04:01:00 GMT", 60), ("Fri, 20 Nov 2026 03:00:00 GMT", 0), ("²", None),
    ],
)  # fmt: skip
def test_retry_after_is_read_as_seconds_or_date_and_bounded(header, expected):
    assert rules.retry_after_s(header, START) == expected


def test_a_receiver_that_was_down_gets_every_event_once_it_is_back_each_with_one_id():
    owner, clock = make_owner(), ManualClock(START)
    with Receiver() as receiver:
        port = receiver.port
        make_endpoint(owner, receiver.url)
    # The receiver is down now.
    ids = publish(owner, 40)
    fan_out(owner)
    for _ in range(3):
        send_due(clock)
        clock.advance(seconds(6))
    assert rows("SELECT DISTINCT state FROM webhook_delivery") == [("waiting",)]
    assert Endpoint.objects.get().failing_since == START
    with Receiver(port=port) as receiver:
        # A new event is the first to get through; the others follow at once instead of waiting for their
        # schedule.
        late = publish(owner)
        fan_out(owner, at=clock.now())
        send_due(clock)
        assert sorted(receiver.ids) == sorted(encode("evt", id_) for id_ in [*ids, *late])
    assert rows("SELECT state, count(*) FROM webhook_delivery GROUP BY 1") == [("delivered", 41)]
    assert Endpoint.objects.get().failing_since is None


def test_an_extra_attempt_that_fails_leaves_the_schedule_where_it_was():
    owner, clock = make_owner(), ManualClock(START)
    with Receiver("drop") as receiver:
        make_endpoint(owner, receiver.url)
        publish(owner)
        fan_out(owner)
        send_due(clock)
        clock.advance(seconds(5))
        send_due(clock)
        ((due_at,),) = rows("SELECT next_attempt_at FROM webhook_delivery")
        assert due_at == clock.now() + seconds(300)
        receiver.answers = [200, 500]
        publish(owner)
        fan_out(owner, at=clock.now())
        send_due(clock)
    assert rows(
        "SELECT state, attempts_made, next_attempt_at, resume_at"
        " FROM webhook_delivery WHERE state = 'waiting'"
    ) == [("waiting", 2, due_at, None)]
    assert rows("SELECT count(*) FROM webhook_attempt WHERE is_extra") == [(1,)]


def test_a_slow_receiver_does_not_delay_another():
    slow_owner, quick_owner = make_owner(), make_owner()
    with Receiver("hang") as slow, Receiver() as quick:
        make_endpoint(slow_owner, slow.url)
        make_endpoint(quick_owner, quick.url)
        publish(slow_owner, 300)
        publish(quick_owner, 300)
        fan_out(slow_owner)

        async def run():
            stop = asyncio.Event()
            async with GuardedHttp(GUARD, timeout_s=60) as http:
                sender = Sender(connect, http=http, keyring=node_keyring(), clock=SystemClock())
                task = asyncio.create_task(sender.run(stop))
                started = time.monotonic()
                await until(lambda: len(quick.seen) == 300 or task.done())
                took_s = time.monotonic() - started
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)
                return took_s

        assert asyncio.run(run()) < 5
    assert 1 <= len(slow.seen) <= 16
    assert len(set(quick.ids)) == 300


def test_a_sender_killed_in_the_middle_loses_nothing():
    owner = make_owner()
    with Receiver("hang") as receiver:
        make_endpoint(owner, receiver.url)
        ids = publish(owner, 5)
        fan_out(owner)

        async def start_and_die():
            async with GuardedHttp(GUARD) as http:
                sender = Sender(connect, http=http, keyring=node_keyring(), clock=ManualClock(START))
                task = asyncio.create_task(sender.run(asyncio.Event()))
                await until(lambda: len(receiver.seen) == 5)
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)

        asyncio.run(start_and_die())
        assert rows("SELECT state, count(*) FROM webhook_delivery GROUP BY 1") == [("sending", 5)]
        receiver.answers = [200]
        receiver.seen.clear()
        clock = ManualClock(START)
        assert send_due(clock) == 0  # the leases still hold
        clock.advance(seconds(46))
        assert send_due(clock) == 5
        assert sorted(receiver.ids) == sorted(encode("evt", id_) for id_ in ids)
    assert rows("SELECT state, attempts_made, count(*) FROM webhook_delivery GROUP BY 1, 2") == [
        ("delivered", 1, 5)
    ]


def test_two_senders_share_the_work_and_send_each_message_once():
    owner = make_owner()
    with Receiver() as receiver:
        make_endpoint(owner, receiver.url)
        publish(owner, 400)
        fan_out(owner)

        async def run():
            async with GuardedHttp(GUARD) as http:
                senders = [
                    Sender(connect, http=http, keyring=node_keyring(), clock=ManualClock(START))
                    for _ in range(2)
                ]
                return await asyncio.gather(*[sender.run_until_idle() for sender in senders])

        assert sum(asyncio.run(run())) == 400
    assert len(receiver.ids) == len(set(receiver.ids)) == 400


def test_stopping_a_sender_gives_back_what_it_did_not_try():
    owner = make_owner()
    with Receiver() as receiver:
        make_endpoint(owner, receiver.url)
        publish(owner, 50)
        fan_out(owner)

        async def run():
            stop = asyncio.Event()
            async with GuardedHttp(GUARD) as http:
                sender = Sender(connect, http=http, keyring=node_keyring(), clock=ManualClock(START))
                task = asyncio.create_task(sender.run(stop))
                await until(lambda: receiver.seen)
                stop.set()
                await task

        asyncio.run(run())
    assert rows("SELECT count(*) FROM webhook_delivery WHERE state = 'sending'") == [(0,)]
    delivered = rows("SELECT count(*) FROM webhook_delivery WHERE state = 'delivered'")[0][0]
    assert delivered == len(receiver.seen) == len(set(receiver.ids))


def test_filters_cells_and_owners_decide_who_gets_what():
    owner, other = make_owner(), make_owner()
    test_owner = type(owner)(owner.organisation, TEST)
    with (
        Receiver() as everything,
        Receiver() as refunds,
        Receiver() as group,
        Receiver() as test,
        Receiver() as stranger,
    ):
        make_endpoint(owner, everything.url)
        make_endpoint(owner, refunds.url, ["order.refunded"])
        make_endpoint(owner, group.url, ["stock.*"])
        make_endpoint(test_owner, test.url)
        make_endpoint(other, stranger.url)
        publish(owner, event_type="order.delivered")
        publish(owner, event_type="order.refunded")
        publish(owner, event_type="stock.low")
        publish(owner, event_type="order.paid")  # internal: no receiver is told
        publish(test_owner, event_type="order.delivered")
        fan_out(owner)
        fan_out(test_owner)
        send_due(ManualClock(START))

        def kinds(receiver):
            return sorted(json.loads(body)["type"] for _headers, body in receiver.seen)

        assert kinds(everything) == ["order.delivered", "order.refunded", "stock.low"]
        assert kinds(refunds) == ["order.refunded"]
        assert kinds(group) == ["stock.low"]
        assert kinds(stranger) == []
        assert [json.loads(body)["livemode"] for _headers, body in test.seen] == [False]


def test_an_endpoint_is_told_nothing_from_before_it_was_made():
    owner = make_owner()
    make_endpoint(owner, "https://example.com/hook", at=START)
    publish(owner, at=START - seconds(1))
    (later,) = publish(owner, at=START)
    fan_out(owner)
    assert [delivery.message_id for delivery in Delivery.objects.all()] == [later]


def test_fanning_out_again_after_a_crash_makes_nothing_twice():
    owner = make_owner()
    make_endpoint(owner, "https://example.com/hook")
    publish(owner, 3)
    with cell_connection() as connection:
        assert fan_out_once(connection, cell=LIVE, keyring=node_keyring(), at=START) == 3
        assert fan_out_once(connection, cell=LIVE, keyring=node_keyring(), at=START) == 0
        connection.execute("UPDATE webhook_cursor SET seq = 0")
        assert fan_out_once(connection, cell=LIVE, keyring=node_keyring(), at=START) == 3
    assert Delivery.objects.count() == 3


def test_a_body_of_20_kb_or_more_is_sent_short():
    owner = make_owner()
    with Receiver() as receiver:
        make_endpoint(owner, receiver.url)
        publish(owner, data={"id": "ord_1", "reference": "A-1", "metadata": {"blob": "x" * 30_000}})
        fan_out(owner)
        send_due(ManualClock(START))
    ((_headers, body),) = receiver.seen
    assert len(body) < 20_000
    assert json.loads(body)["data"] == {"id": "ord_1", "reference": "A-1", "is_shortened": True}


def test_the_log_keeps_little_of_a_reply_and_nothing_that_could_harm():
    owner = make_owner()
    with Receiver((200, {"body": "ok\x00\x1b[31m<script>" + "y" * 5_000})) as receiver:
        make_endpoint(owner, receiver.url)
        publish(owner)
        fan_out(owner)
        send_due(ManualClock(START))
    ((excerpt,),) = rows("SELECT excerpt FROM webhook_attempt")
    assert excerpt == ("ok  [31m<script>" + "y" * 5_000)[:500]


def test_a_receiver_that_never_answers_is_a_timeout():
    owner = make_owner()
    with Receiver("hang") as receiver:
        make_endpoint(owner, receiver.url)
        publish(owner)
        fan_out(owner)
        send_due(ManualClock(START), timeout_s=0.2)
    assert rows("SELECT outcome, status FROM webhook_attempt") == [("timeout", None)]
