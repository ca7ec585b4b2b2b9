"""A receiver for F11: answers every POST with 200 as fast as a Python process can. Loopback only.

Run as a program of its own: prints its port, ends when its standard input closes.
"""

import asyncio
import sys

_ANSWER = b"HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: 2\r\n\r\nok"
_LENGTH = b"content-length:"


class Receiver(asyncio.Protocol):
    """One connection: requests with a Content-Length, answered in turn."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport), "a TCP server was asked for"
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._received += data
        while self._take_request():
            if self._transport is not None:
                self._transport.write(_ANSWER)

    def _take_request(self) -> bool:
        end = self._received.find(b"\r\n\r\n")
        if end < 0:
            return False
        head = self._received[:end].lower()
        place = head.find(_LENGTH)
        length = int(head[place + len(_LENGTH) :].split(b"\r\n", 1)[0]) if place >= 0 else 0
        if len(self._received) < end + 4 + length:
            return False
        self._received = self._received[end + 4 + length :]
        return True


async def _serve() -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Receiver, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)
    server.close()


if __name__ == "__main__":
    asyncio.run(_serve())
