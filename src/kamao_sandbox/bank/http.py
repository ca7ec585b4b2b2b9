"""A small HTTP/1.1 server on the standard library: one thread per connection, bounded bodies, no framework.

Owns: reading a request, writing an answer, hanging or dropping a connection on purpose. Refuses: bodies
above 64 KiB.
"""

import contextlib
import socket
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import msgspec

BODY_MAX = 64 * 1024


class Asked(msgspec.Struct):
    """A request: method, path, first value of each query field, lower-cased headers, body."""

    method: str
    path: str
    target: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes

    def form(self) -> dict[str, str]:
        """The first value of each field of a posted form."""
        pairs = parse_qs(self.body.decode("utf-8", "replace"), keep_blank_values=True)
        return {name: values[0] for name, values in pairs.items()}


class Answer(msgspec.Struct):
    """A response; `hang_s` waits first and then drops, `drop` closes the connection without a word."""

    status: int = 200
    body: bytes = b""
    content_type: str = "application/json"
    headers: dict[str, str] = msgspec.field(default_factory=dict)
    drop: bool = False
    hang_s: float = 0.0


class BankServer(ThreadingHTTPServer):
    """Listens and hands each request to one function."""

    daemon_threads = True
    request_queue_size = 512

    def __init__(self, address: tuple[str, int], answer: Callable[[Asked], Answer]) -> None:
        self.answer = answer
        self.stopping = threading.Event()
        super().__init__(address, _Handler)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "KamaoSandboxBank"
    sys_version = ""
    timeout = 65
    # Head and body leave in one packet: otherwise delayed acknowledgements cost 40 ms per answer.
    wbufsize = 64 * 1024
    disable_nagle_algorithm = True

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Say nothing: the journal in the database is the log."""

    def _handle(self) -> None:
        length = int(self.headers.get("Content-Length") or "0") if self._length_is_sane() else BODY_MAX + 1
        if length > BODY_MAX:
            self.close_connection = True
            self._write(Answer(413, b'{"code":"too_large","detail":"at most 64 KiB"}'))
            return
        parts = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        headers = {name.lower(): value for name, value in self.headers.items()}
        asked = Asked(self.command, parts.path, self.path, query, headers, self.rfile.read(length))
        server = self.server
        assert isinstance(server, BankServer)
        answer = server.answer(asked)
        if answer.hang_s:
            server.stopping.wait(answer.hang_s)
        if answer.drop:
            self.close_connection = True
            with contextlib.suppress(OSError):
                self.connection.shutdown(socket.SHUT_RDWR)
            return
        self._write(answer)

    do_GET = do_POST = do_DELETE = _handle  # noqa: N815

    def _length_is_sane(self) -> bool:
        given = self.headers.get("Content-Length") or "0"
        return (
            given.isascii()
            and given.isdigit()
            and len(given) < 10
            and "Transfer-Encoding" not in self.headers
        )

    def _write(self, answer: Answer) -> None:
        with contextlib.suppress(ConnectionError):
            self.send_response(answer.status)
            self.send_header("Content-Type", answer.content_type)
            self.send_header("Content-Length", str(len(answer.body)))
            for name, value in answer.headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(answer.body)
            self.wfile.flush()
