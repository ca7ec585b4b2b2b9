"""The limits on a request's head, on a real socket."""

import asyncio
import socket
import threading

import pytest

from kamao.runtime import guarded_http
from tests.api.serving import address_of, server_of


async def hello(scope, receive, send):
    await send({"type": "http.response.start", "status": 204, "headers": []})
    await send({"type": "http.response.body", "body": b""})


@pytest.fixture
def connected(monkeypatch):
    """A socket to a server whose heads may take half a second."""
    monkeypatch.setattr(guarded_http, "HEAD_SECONDS_MAX", 0.5)
    server = server_of(hello)
    thread = threading.Thread(target=lambda: asyncio.run(server.serve()), daemon=True)
    thread.start()
    host, _, port = address_of(server).removeprefix("http://").rpartition(":")
    with socket.create_connection((host, int(port)), timeout=5) as peer:
        yield peer
    server.should_exit = True
    thread.join(timeout=10)


def test_a_head_that_never_ends_is_refused_by_size(connected):
    connected.sendall(b"GET / HTTP/1.1\r\nhost: x\r\nx-long: ")
    connected.sendall(b"a" * guarded_http.HEAD_BYTES_MAX)
    assert connected.recv(100).startswith(b"HTTP/1.1 431 ")
    assert connected.recv(100) == b""


def test_a_head_that_dawdles_is_refused_by_time(connected):
    connected.sendall(b"GET / HTTP/1.1\r\n")
    assert connected.recv(100).startswith(b"HTTP/1.1 408 ")
    assert connected.recv(100) == b""


def test_a_connection_that_says_nothing_is_closed(connected):
    assert connected.recv(100).startswith(b"HTTP/1.1 408 ")
    assert connected.recv(100) == b""


def test_a_head_in_pieces_is_answered_and_so_is_the_next_request_after_the_limit(connected):
    for piece in (b"GET / HT", b"TP/1.1\r\nhost:", b" x\r\n\r\n"):
        connected.sendall(piece)
    assert connected.recv(1000).startswith(b"HTTP/1.1 204 ")
    threading.Event().wait(0.8)
    connected.sendall(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n")
    assert connected.recv(1000).startswith(b"HTTP/1.1 204 ")


def test_the_second_head_of_a_connection_has_its_limit_too(connected):
    connected.sendall(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n")
    assert connected.recv(1000).startswith(b"HTTP/1.1 204 ")
    connected.sendall(b"GET / HT")
    assert connected.recv(1000).startswith(b"HTTP/1.1 408 ")
