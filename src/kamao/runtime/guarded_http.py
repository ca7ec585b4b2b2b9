"""HTTP/1.1 as uvicorn speaks it, with limits on a request's head, one write per answer, and a short way for
orders.

A peer that opens connections and sends a header a minute, or one header without an end, would otherwise hold
memory for ever. Owns these two limits (size and time); bodies are bounded by whoever reads them. Owns also
which requests are plain enough for ``kamao.api.orders_wire``: those that arrive whole, one at a time, with a
head that the parser has read before, byte for byte.
"""

import asyncio
from typing import Any, Final, cast

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol
from uvicorn.server import ServerState

from kamao.runtime.asgi_types import Wire

HEAD_BYTES_MAX: Final = 64 * 1024
HEAD_SECONDS_MAX: float = 15.0
_HEAD_KNOWN_MAX: Final = 4 * 1024
_HEAD_ENDS: Final = b"\r\n\r\n"
_EMPTY: Final = b"\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
_TOO_LARGE: Final = b"HTTP/1.1 431 Request Header Fields Too Large" + _EMPTY
_TOO_SLOW: Final = b"HTTP/1.1 408 Request Timeout" + _EMPTY


_dated: tuple[object, bytes] = (None, b"")


def _lines_of(state: ServerState) -> bytes:
    """Return the header lines that uvicorn puts into every answer; it renews them (the date) every second."""
    global _dated
    headers = state.default_headers
    if _dated[0] is not headers:
        _dated = (headers, b"".join([b"%b: %b\r\n" % pair for pair in headers]))
    return _dated[1]


class _Joined:
    """A transport that writes what one turn of the event loop produced at once.

    uvicorn writes an answer's head and body by themselves: two system calls, two packets, and a peer woken
    twice.
    """

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport = transport
        self._call_soon = loop.call_soon
        self._parts: list[bytes] = []
        self.is_closing = transport.is_closing
        self.get_extra_info = transport.get_extra_info
        self.pause_reading = transport.pause_reading
        self.resume_reading = transport.resume_reading

    def write(self, data: bytes) -> None:
        """Keep data for the end of this turn."""
        if not self._parts:
            self._call_soon(self.flush)
        self._parts.append(data)

    def close(self) -> None:
        """Send what is kept, then close."""
        self.flush()
        self._transport.close()

    def flush(self) -> None:
        """Send what is kept."""
        if self._parts:
            parts, self._parts = self._parts, []
            self._transport.write(b"".join(parts))


class GuardedHttp(HttpToolsProtocol):
    """One connection: plain orders go to the wire, everything else the ordinary way."""

    _socket: asyncio.Transport
    _wire: Wire | None = None
    _in_head = True
    _head_bytes = 0
    _late: asyncio.TimerHandle | None = None
    _is_between = True
    """Whether the parser stands between two messages."""
    _raw = b""
    """What the parser has read of a message that began with a packet."""
    _begun = b""
    """A known head whose body is still on its way."""
    _is_owed = False
    """Whether the wire owes an answer; what arrives meanwhile is kept in ``_early``."""
    _early = b""
    _is_last = False
    _used_at = 0.0
    _idle: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        """Give the first request its time."""
        self._socket = transport
        self._wire = getattr(self.app, "wire", None)
        super().connection_made(cast("asyncio.Transport", _Joined(transport, self.loop)))
        self._begin_timer()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the timers with the connection."""
        self._end_timer()
        if self._idle is not None:
            self._idle.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Give a plain order to the wire; feed anything else to the parser, where a head that is still open
        afterwards counts against its limits.
        """
        if self._is_owed:
            self._early += data
            if len(self._early) > HEAD_BYTES_MAX:
                self._socket.pause_reading()
            return
        if self._begun:
            data, self._begun = self._begun + data, b""
        if self._wire is not None and self._is_between and self._taken_by_wire(self._wire, data):
            return
        if self._is_between:
            self._raw = data
        elif self._raw:
            self._raw = b"" if len(self._raw) > _HEAD_KNOWN_MAX else self._raw + data
        super().data_received(data)
        if self._in_head:
            self._head_bytes += len(data)
            if self._head_bytes > HEAD_BYTES_MAX:
                self._refuse(_TOO_LARGE)
            else:
                self._begin_timer()

    def _taken_by_wire(self, wire: Wire, data: bytes) -> bool:
        """Tell whether the wire has the request, or waits for the rest of its body."""
        end = data.find(_HEAD_ENDS) + len(_HEAD_ENDS)
        head = wire.heads.get(data[:end])
        if head is None or (self.cycle is not None and not self.cycle.response_complete):
            return False
        missing = end + head.body_bytes - len(data)
        if missing > 0:
            self._begun = data
            self._begin_timer()
            return True
        if missing < 0 or not wire.place(head, data[end:], self._reply):
            return False
        self._is_owed = True
        self._end_timer()
        self._unset_keepalive_if_required()
        if self._idle is None:
            self._idle = self.loop.call_later(self.timeout_keep_alive, self._end_if_idle)
        return True

    def _reply(self, status: int, rest: bytes) -> None:
        """Send the wire's answer; then go on with what has arrived meanwhile."""
        self._is_owed = False
        self._used_at = self.loop.time()
        if self._socket.is_closing():
            return
        self.server_state.total_requests += 1
        self._socket.write(b"".join((STATUS_LINE[status], _lines_of(self.server_state), rest)))
        if self._is_last:
            self._socket.close()
        elif self._early:
            early, self._early = self._early, b""
            if len(early) > HEAD_BYTES_MAX:
                self._socket.resume_reading()
            self.data_received(early)

    def _end_if_idle(self) -> None:
        """Close a connection that nobody has used for the keep-alive time: uvicorn's own timer begins with
        its own answers only.
        """
        left = self._used_at + self.timeout_keep_alive - self.loop.time()
        is_busy = self._is_owed or (self.cycle is not None and not self.cycle.response_complete)
        if is_busy or left > 0:
            self._idle = self.loop.call_later(self.timeout_keep_alive if is_busy else left, self._end_if_idle)
        else:
            self.timeout_keep_alive_handler()

    def on_response_complete(self) -> None:
        """An answer of the ordinary way is a use of the connection too."""
        self._used_at = self.loop.time()
        super().on_response_complete()

    def shutdown(self) -> None:
        """Close now, or after the answer that the wire owes."""
        if self._is_owed:
            self._is_last = True
        else:
            super().shutdown()

    def on_message_begin(self) -> None:
        """A head begins."""
        self._in_head = True
        self._is_between = False
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """A head is complete."""
        self._in_head = False
        self._head_bytes = 0
        self._end_timer()
        if self._wire is not None and self._raw and self.parser.should_keep_alive():
            head = self._raw[: self._raw.find(_HEAD_ENDS) + len(_HEAD_ENDS)]
            self._wire.learn(head, self.headers)
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """A message that follows in the same packet does not begin one, so its bytes are not looked at."""
        super().on_message_complete()
        self._is_between = True
        self._raw = b""

    def _begin_timer(self) -> None:
        if self._late is None:
            self._late = self.loop.call_later(HEAD_SECONDS_MAX, self._refuse, _TOO_SLOW)

    def _end_timer(self) -> None:
        if self._late is not None:
            self._late.cancel()
            self._late = None

    def _refuse(self, answer: bytes) -> None:
        self._end_timer()
        if not self.transport.is_closing():
            self.transport.write(answer)
            self.transport.close()
