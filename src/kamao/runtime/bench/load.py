"""The load generator: raw sockets and epoll in one process, so that it costs a few microseconds per request.

Closed loop (each connection sends its next request when the answer is there) or open loop (requests are due
at fixed times; latency counts from the due time, so a slow server cannot hide its queue). Runs as a process
of its own and prints JSON; its CPU time is part of the answer. Talks to loopback only, and stops by itself.
"""

import json
import select
import socket
import sys
import time
from collections import deque
from collections.abc import Iterator
from typing import Any

import msgspec

_LOOPBACK = ("127.0.0.1", "::1", "localhost")


class LoadSpec(msgspec.Struct, frozen=True):
    """What to send. ``batch`` 0 sends single orders, otherwise that many per request.

    Ends after ``seconds`` or ``requests`` (0: no limit), whichever comes first. ``rate`` above 0 makes the
    loop open.
    """

    host: str
    port: int
    keys: list[str]
    skus: list[str]
    tag: str
    connections: int = 128
    seconds: float = 8.0
    requests: int = 0
    batch: int = 0
    rate: float = 0.0


class LoadResult(msgspec.Struct, frozen=True):
    """What came back. ``errors`` counts answers that were not full success by status; latencies are
    milliseconds.
    """

    orders: int
    seconds: float
    per_second: float
    errors: dict[str, int]
    p50_ms: float
    p99_ms: float
    cpu_s: float


class _Connection:
    __slots__ = ("buffer", "due", "key", "sent", "sku", "socket")

    def __init__(self, spec: LoadSpec, number: int) -> None:
        self.socket = socket.create_connection((spec.host, spec.port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.setblocking(False)
        self.key = spec.keys[number % len(spec.keys)].encode()
        self.sku = number
        self.buffer = b""
        self.sent = 0.0
        self.due = 0.0


class _Run:
    def __init__(self, spec: LoadSpec) -> None:
        if spec.host not in _LOOPBACK:
            raise SystemExit("the load generator talks to this machine only")
        self._spec = spec
        self._path = b"/api/v1/orders/batch" if spec.batch else b"/api/v1/orders"
        self._connections: dict[int, _Connection] = {}
        self._epoll = select.epoll()
        for number in range(spec.connections):
            connection = _Connection(spec, number)
            self._connections[connection.socket.fileno()] = connection
            self._epoll.register(connection.socket.fileno(), select.EPOLLIN)
        self._number = 0
        self._latencies: list[float] = []
        self._errors: dict[str, int] = {}
        self._orders = 0
        self._tag = spec.tag.encode()
        self._skus = [json.dumps(sku).encode() for sku in spec.skus]
        self._beginnings = {
            key: [self._beginning(key, sku) for sku in self._skus]
            for key in {connection.key for connection in self._connections.values()}
        }
        # A buffer that the allocator has to map from the kernel for each answer costs more than the answer.
        self._most_bytes = 1 << 18 if spec.batch else 1 << 14

    def run(self) -> LoadResult:
        started = time.perf_counter()
        cpu = time.process_time()
        if self._spec.rate:
            self._open_loop(started)
        else:
            self._closed_loop(started)
        seconds = time.perf_counter() - started
        cpu = time.process_time() - cpu
        ordered = sorted(self._latencies)
        for connection in self._connections.values():
            connection.socket.close()
        return LoadResult(
            self._orders,
            seconds,
            self._orders / seconds,
            self._errors,
            _quantile(ordered, 0.5),
            _quantile(ordered, 0.99),
            cpu,
        )

    def _request(self, connection: _Connection) -> bytes:
        skus = self._skus
        self._number += 1
        connection.sku += 1
        if not self._spec.batch:
            beginnings = self._beginnings[connection.key]
            return b'%b%09d"}' % (beginnings[(connection.sku * 7) % len(beginnings)], self._number)
        orders = b",".join(
            b'{"sku":%s,"quantity":1,"reference":"%s-%d-%d"}'
            % (skus[(connection.sku * 7 + place) % len(skus)], self._tag, self._number, place)
            for place in range(self._spec.batch)
        )
        body = b'{"orders":[' + orders + b"]}"
        return self._head(connection.key, len(body)) + body

    def _head(self, key: bytes, body_bytes: int) -> bytes:
        return (
            b"POST %s HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer %s\r\n"
            b"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n" % (self._path, key, body_bytes)
        )

    def _beginning(self, key: bytes, sku: bytes) -> bytes:
        """Return a single order up to its running number of nine digits: made before the clock runs."""
        body = b'{"sku":%s,"quantity":1,"reference":"%s-' % (sku, self._tag)
        return self._head(key, len(body) + 11) + body

    def _send(self, connection: _Connection, due: float) -> None:
        data = self._request(connection)
        connection.due = due
        sent = connection.socket.send(data)
        while sent < len(data):
            select.select([], [connection.socket], [], 5)
            sent += connection.socket.send(data[sent:])

    def _answers(self, timeout_s: float) -> Iterator[_Connection]:
        """Yield the connections whose answer is complete."""
        for descriptor, _ in self._epoll.poll(timeout_s):
            connection = self._connections[descriptor]
            data = connection.socket.recv(self._most_bytes)
            if not data:
                raise SystemExit("the server closed a connection in the middle of the run")
            buffer = connection.buffer + data if connection.buffer else data
            end = buffer.find(b"\r\n\r\n")
            if end < 0:
                connection.buffer = buffer
                continue
            at = buffer.find(b"content-length:", 0, end)
            length = int(buffer[at + 15 : buffer.find(b"\r\n", at)])
            if len(buffer) < end + 4 + length:
                connection.buffer = buffer
                continue
            connection.buffer = b""
            self._count(buffer, end)
            yield connection

    def _count(self, answer: bytes, end: int) -> None:
        status = answer[9:12]
        if not self._spec.batch:
            if status == b"201":
                self._orders += 1
            else:
                name = status.decode()
                self._errors[name] = self._errors.get(name, 0) + 1
            return
        created = answer.count(b'"status":201', end) if status == b"200" else 0
        self._orders += created
        if created != self._spec.batch:
            name = f"{status.decode()} with {created} of {self._spec.batch}"
            self._errors[name] = self._errors.get(name, 0) + 1

    def _closed_loop(self, started: float) -> None:
        end = started + self._spec.seconds
        most = self._spec.requests or sys.maxsize
        for connection in self._connections.values():
            self._send(connection, time.perf_counter())
        waiting = len(self._connections)
        while waiting:
            for connection in self._answers(5.0):
                now = time.perf_counter()
                self._latencies.append(now - connection.due)
                if now < end and self._number < most:
                    self._send(connection, now)
                else:
                    waiting -= 1

    def _open_loop(self, started: float) -> None:
        idle = deque(self._connections.values())
        late: deque[float] = deque()
        step = 1.0 / self._spec.rate
        due, end = started, started + self._spec.seconds
        waiting = 0
        while due < end or waiting or late:
            now = time.perf_counter()
            while due <= now and due < end:
                late.append(due)
                due += step
            while late and idle:
                self._send(idle.popleft(), late.popleft())
                waiting += 1
            pause = max(due - time.perf_counter(), 0.0) if due < end else 1.0
            for connection in self._answers(min(pause, 1.0)):
                self._latencies.append(time.perf_counter() - connection.due)
                idle.append(connection)
                waiting -= 1


def _quantile(ordered: list[float], share: float) -> float:
    return ordered[min(int(len(ordered) * share), len(ordered) - 1)] * 1000 if ordered else 0.0


def main() -> int:
    """Read a spec from standard input, run it, print the result."""
    spec = msgspec.json.decode(sys.stdin.buffer.read(), type=LoadSpec)
    result: Any = _Run(spec).run()
    sys.stdout.buffer.write(msgspec.json.encode(result))
    return 0


if __name__ == "__main__":
    sys.exit(main())
