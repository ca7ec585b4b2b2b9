"""The sender: claims due deliveries, signs and posts them, writes the log. Runs in the worker, any number of
times.

Owns the loop. What it promises: at least once, the same id on every attempt, nothing lost when it is killed
(claims are leases in the database), a slow or dead receiver never delays another. What it refuses: order of
arrival, and a transaction per message — claims and results go to the database in batches, one commit each.

The session runs with `synchronous_commit = off`: what a crash of the database could lose is a result of the
last moment, and then the message is sent once more under its id, which receivers of an at-least-once stream
expect.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import msgspec
import psycopg

from kamao.business.webhooks import rules, statements
from kamao.business.webhooks.http import GuardedHttp, Reply
from kamao.business.webhooks.lanes import PARALLEL_MAX, WINDOW_DEFAULT, Claimed, Lane
from kamao.business.webhooks.signing import secret_key, sign
from kamao.kernel.clock import Clock, SystemClock
from kamao.kernel.ids import RandomIds, encode, new_uuid7
from kamao.kernel.sealing import Keyring

Connection = psycopg.AsyncConnection[Any]
Connect = Callable[[], Awaitable[Connection]]
"""Open a connection to the node's database with the path of `public`, in autocommit mode."""

_LEASE: Final = timedelta(seconds=45)
_RENEW_S: Final = 10.0
_CLAIMED_MAX: Final = 2_000
_BUSY_PAUSE_S: Final = 0.02
_KEYS_CACHED: Final = 10_000
_LANE_LIFE_S: Final = 60.0
_WIND_UP_S: Final = 5.0
_WAITING_PAUSE_S: Final = 0.1


class Progress(msgspec.Struct):
    """What a sender has done since it was made."""

    attempts: int = 0
    delivered: int = 0
    failed: int = 0


class Sender:
    """One sender. `run` works until told to stop; `run_until_idle` sends what is due now and returns."""

    def __init__(
        self,
        connect: Connect,
        *,
        http: GuardedHttp,
        keyring: Keyring,
        clock: Clock | None = None,
        jitter: Callable[[], float] = random.random,
        poll_s: float = 0.5,
        on_outcome: Callable[[str], None] | None = None,
    ) -> None:
        self._connect = connect
        self._http = http
        self._keyring = keyring
        self._clock = clock or SystemClock()
        self._jitter = jitter
        self._poll_s = poll_s
        self._on_outcome = on_outcome
        self._id = new_uuid7()
        self._ids = RandomIds()
        self._lanes: dict[UUID, Lane] = {}
        self._keys: dict[bytes, bytes] = {}
        self._attempts: list[dict[str, Any]] = []
        self._results: list[dict[str, Any]] = []
        self._untried: list[UUID] = []
        self._noted: dict[UUID, dict[str, Any]] = {}
        self._recovered: set[UUID] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._finished = asyncio.Event()
        self._connection: Connection | None = None
        self._renew_at_s = 0.0
        self._fault: BaseException | None = None
        self.progress = Progress()

    async def run(self, stop: asyncio.Event) -> None:
        """Send until ``stop`` is set; then finish what is in flight and give the rest back.

        A lost database connection is raised to the caller, who starts a new sender: the leases of this one
        expire.
        """
        try:
            while not stop.is_set():
                claimed = await self._turn()
                await self._wait(stop, self._pause_s(claimed))
            await self._wind_up()
        finally:
            await self._close()

    async def run_until_idle(self) -> int:
        """Send everything that is due now; return the number of attempts. For tests and benches."""
        before = self.progress.attempts
        try:
            while True:
                claimed = await self._turn()
                if not claimed and not self._tasks and not self._has_results:
                    return self.progress.attempts - before
                if self._tasks:
                    await self._wait(None, _BUSY_PAUSE_S)
        finally:
            await self._close()

    def wake(self) -> None:
        """Look for due deliveries now instead of at the next poll."""
        self._finished.set()

    def _pause_s(self, claimed: int) -> float:
        if claimed or self._has_results:
            return _BUSY_PAUSE_S
        return _WAITING_PAUSE_S if self._tasks else self._poll_s

    @property
    def _has_results(self) -> bool:
        return bool(self._attempts or self._untried or self._noted)

    async def _wait(self, stop: asyncio.Event | None, pause_s: float) -> None:
        """Wait a moment, less if every task is done or the end is asked for."""
        self._finished.clear()
        waits = [asyncio.ensure_future(self._finished.wait())]
        if stop is not None:
            waits.append(asyncio.ensure_future(stop.wait()))
        try:
            await asyncio.wait(waits, timeout=pause_s, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()

    async def _turn(self) -> int:
        """Write results, claim anew, start sending. One commit."""
        if self._fault is not None:
            raise self._fault
        connection = await self._open()
        now = self._clock.now()
        async with connection.transaction():
            await self._flush(connection, now)
            rows = await self._claim(connection, now)
        for row in rows:
            self._take(row)
        for lane in self._lanes.values():
            self._start(lane)
        return len(rows)

    async def _open(self) -> Connection:
        if self._connection is None:
            self._connection = await self._connect()
            await self._connection.execute("SET synchronous_commit = off")
        return self._connection

    async def _close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._connection is not None:
            await self._connection.close()
            self._connection = None

    async def _wind_up(self) -> None:
        for lane in self._lanes.values():
            self._untried += [claimed.id for claimed in lane.waiting]
            lane.waiting.clear()
        if self._tasks:
            # Whatever takes longer is cut off; its lease expires and it is sent again under the same id.
            await asyncio.wait(self._tasks, timeout=_WIND_UP_S)
        connection = await self._open()
        async with connection.transaction():
            await self._flush(connection, self._clock.now())

    # claiming

    async def _claim(self, connection: Connection, now: datetime) -> list[tuple[Any, ...]]:
        await self._keep_leases(connection, now)
        held = sum(lane.in_hand for lane in self._lanes.values())
        if held >= _CLAIMED_MAX:
            return []
        self._forget_idle_lanes()
        lanes = list(self._lanes.values())
        cursor = await connection.execute(
            statements.CLAIM_DELIVERIES,
            {
                "known": [lane.endpoint for lane in lanes],
                "room": [lane.room for lane in lanes],
                "room_default": WINDOW_DEFAULT,
                "total": _CLAIMED_MAX - held,
                "at": now,
                "sender": self._id,
                "lease_until": now + _LEASE,
            },
        )
        return await cursor.fetchall()

    def _forget_idle_lanes(self) -> None:
        before_s = asyncio.get_running_loop().time() - _LANE_LIFE_S
        for lane in [lane for lane in self._lanes.values() if not lane.in_hand and lane.used_at_s < before_s]:
            del self._lanes[lane.endpoint]

    async def _keep_leases(self, connection: Connection, now: datetime) -> None:
        moment = asyncio.get_running_loop().time()
        if moment < self._renew_at_s:
            return
        self._renew_at_s = moment + _RENEW_S
        await connection.execute(statements.RENEW_LEASES, {"sender": self._id, "lease_until": now + _LEASE})
        await connection.execute(statements.TAKE_BACK_EXPIRED, {"at": now})

    def _take(self, row: tuple[Any, ...]) -> None:
        """Put a claimed row into its receiver's lane."""
        (delivery, endpoint, attempts_made, resume_at, message, body) = row[:6]
        (url, is_own, secret, previous_secret, previous_until, throttles_in_row, failing_since) = row[6:]
        lane = self._lanes.get(endpoint)
        if lane is None:
            lane = Lane(endpoint, throttles_in_row=throttles_in_row, failing_since=failing_since)
            self._lanes[endpoint] = lane
        lane.used_at_s = asyncio.get_running_loop().time()
        lane.is_gone = False  # the database says enabled: someone switched it on again
        keys = [self._key(endpoint, secret)]
        if previous_secret is not None and previous_until > self._clock.now():
            keys.append(self._key(endpoint, previous_secret))
        lane.waiting.append(
            Claimed(
                delivery, endpoint, attempts_made, resume_at, message, body.encode(), url, is_own, tuple(keys)
            )
        )

    def _key(self, endpoint: UUID, sealed: bytes) -> bytes:
        key = self._keys.get(sealed)
        if key is None:
            if len(self._keys) >= _KEYS_CACHED:
                self._keys.clear()
            key = self._keys[sealed] = secret_key(self._keyring.open_text(endpoint, sealed))
        return key

    # sending

    def _start(self, lane: Lane) -> None:
        """Let up to sixteen tasks drain a lane; a task takes one message after another."""
        while lane.running < min(PARALLEL_MAX, lane.window) and len(lane.waiting) > 0:
            lane.running += 1
            task = asyncio.create_task(self._drain(lane, lane.waiting.popleft()))
            self._tasks.add(task)
            task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not self._tasks:
            self._finished.set()
        if not task.cancelled() and task.exception() is not None:
            self._fault = task.exception()  # a bug: the next turn raises it

    async def _drain(self, lane: Lane, first: Claimed) -> None:
        claimed: Claimed | None = first
        try:
            while claimed is not None:
                now = self._clock.now()
                headers = sign(
                    claimed.body, message_id=encode("evt", claimed.message), at=now, keys=claimed.keys
                )
                headers["content-type"] = "application/json"
                reply = await self._http.post(claimed.url, body=claimed.body, headers=headers)
                self._judge(lane, claimed, reply, sent_at=now)
                claimed = lane.waiting.popleft() if lane.waiting else None
        finally:
            lane.running -= 1

    def _judge(self, lane: Lane, claimed: Claimed, reply: Reply, *, sent_at: datetime) -> None:
        now = self._clock.now()
        verdict = rules.read_reply(reply.status, reply.fault)
        wait_s = rules.retry_after_s(reply.retry_after, now) if reply.status in {429, 502, 503, 504} else None
        self._log(claimed, verdict, reply, sent_at)
        self._settle(claimed, verdict, reply, at=now, wait_s=wait_s)
        if claimed.is_own_address:
            lane.widen(reply.latency_ms if verdict.is_delivered else 60_000)
            return
        before = (lane.failing_since, lane.throttled_until, lane.is_gone)
        self._note_health(lane, verdict, reply, at=now, wait_s=wait_s)
        if before != (lane.failing_since, lane.throttled_until, lane.is_gone):
            self._noted[lane.endpoint] = {
                "endpoint_id": lane.endpoint,
                "throttles_in_row": lane.throttles_in_row,
                "throttled_until": lane.throttled_until,
                "failing_since": lane.failing_since,
                "is_gone": lane.is_gone,
                "at": now,
            }

    def _log(self, claimed: Claimed, verdict: rules.Verdict, reply: Reply, sent_at: datetime) -> None:
        self.progress.attempts += 1
        if self._on_outcome is not None:
            self._on_outcome(verdict.outcome)
        if verdict.is_delivered:
            self.progress.delivered += 1
        else:
            self.progress.failed += 1
        self._attempts.append(
            {
                "id": self._ids.new(),
                "delivery_id": claimed.id,
                "number": claimed.attempts_made + 1,
                "is_extra": claimed.resume_at is not None,
                "at": sent_at,
                "outcome": verdict.outcome,
                "status": reply.status,
                "latency_ms": reply.latency_ms,
                "excerpt": reply.excerpt,
            }
        )

    def _settle(
        self, claimed: Claimed, verdict: rules.Verdict, reply: Reply, *, at: datetime, wait_s: int | None
    ) -> None:
        is_extra = claimed.resume_at is not None
        attempts_made = claimed.attempts_made + (0 if is_extra and not verdict.is_delivered else 1)
        state, next_at = "delivered", None
        if not verdict.is_delivered:
            if verdict.is_gone and claimed.is_own_address:
                next_at = (
                    None  # the order's address asks for no more; other orders' addresses are not concerned
                )
            elif is_extra:
                next_at = claimed.resume_at
            else:
                next_at = rules.next_attempt_at(attempts_made, at=at, jitter=self._jitter(), wait_s=wait_s)
            state = "waiting" if next_at is not None else "exhausted"
        self._results.append(
            {
                "delivery_id": claimed.id,
                "state": state,
                "attempts_made": attempts_made,
                "next_attempt_at": next_at,
                "outcome": verdict.outcome,
                "status": reply.status,
                "at": at,
            }
        )

    def _note_health(
        self, lane: Lane, verdict: rules.Verdict, reply: Reply, *, at: datetime, wait_s: int | None
    ) -> None:
        if verdict.is_delivered:
            if lane.failing_since is not None:
                self._recovered.add(lane.endpoint)
            lane.failing_since, lane.throttles_in_row, lane.throttled_until = None, 0, None
            lane.widen(reply.latency_ms)
            return
        if verdict.is_throttled or wait_s is not None:
            lane.throttles_in_row = min(lane.throttles_in_row + 1, 1_000)
            lane.throttled_until = rules.throttled_until(lane.throttles_in_row, at=at, wait_s=wait_s)
        if verdict.is_gone:
            lane.is_gone = True
        if verdict.is_down:
            lane.failing_since = lane.failing_since or at
        if verdict.is_down or verdict.is_gone:
            self._untried += lane.close_down()

    # writing

    async def _flush(self, connection: Connection, now: datetime) -> None:
        """Write the finished attempts. Cleared first: if the write fails, the leases expire and they are
        repeated.
        """
        attempts, self._attempts = self._attempts, []
        results, self._results = self._results, []
        noted, self._noted = self._noted, {}
        untried, self._untried = self._untried, []
        recovered, self._recovered = self._recovered, set()
        if attempts:
            await connection.execute(statements.LOG_ATTEMPTS, {"rows": _json(attempts)})
            await connection.execute(
                statements.SETTLE_DELIVERIES, {"rows": _json(results), "sender": self._id}
            )
        if untried:
            await connection.execute(statements.RELEASE_DELIVERIES, {"ids": untried, "sender": self._id})
        if noted:
            await connection.execute(statements.NOTE_ENDPOINTS, {"rows": _json(list(noted.values()))})
        if recovered:
            await connection.execute(
                statements.BRING_FORWARD,
                {"endpoints": list(recovered), "outcomes": list(rules.DOWN_OUTCOMES), "at": now},
            )


def _json(rows: list[dict[str, Any]]) -> str:
    return msgspec.json.encode(rows).decode()
