"""Outgoing HTTP to addresses that people typed: one POST at a time, guarded, bounded, without redirects.

Owns the transport behind webhooks. Refuses proxies from the environment, cookies, redirects, compressed or
long replies, and any socket the guard did not pass. aiohttp is used because it carries about ten times the
requests of httpx on the same core and lets the guard see each socket address as it is opened.
"""

import asyncio
import re
import socket
import ssl
import time
from collections.abc import Mapping
from typing import Any, Self

import aiohttp
import msgspec
from aiohttp.abc import AbstractResolver, ResolveResult

from kamao.business.webhooks.guard import AddressGuard, BlockedAddress

USER_AGENT = "Kamao-Webhooks/1"
EXCERPT_LENGTH_MAX = 500
"""Characters of a reply that the delivery log keeps."""
_REPLY_BYTES_READ = 1_024
_CONNECT_TIMEOUT_S = 10.0
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\ufeff]")


class Reply(msgspec.Struct, frozen=True):
    """What came of one POST.

    ``status`` is None where no reply arrived; then ``fault`` is one of ``blocked``, ``unresolved``,
    ``unreachable``, ``tls``, ``timeout``, ``protocol``. ``excerpt`` holds at most 500 printable characters.
    """

    status: int | None
    fault: str | None
    latency_ms: int
    excerpt: str = ""
    retry_after: str | None = None


class _GuardedResolver(AbstractResolver):
    """Resolves at every connect and hands on only what the guard passed."""

    def __init__(self, guard: AddressGuard) -> None:
        self._guard = guard

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        found = await self._guard.addresses(host, port)
        return [
            ResolveResult(
                hostname=host,
                host=address,
                port=port,
                family=socket.AF_INET6 if ":" in address else socket.AF_INET,
                proto=0,
                flags=socket.AI_NUMERICHOST,
            )
            for address in found
        ]

    async def close(self) -> None:
        return None


class GuardedHttp:
    """A pool of guarded connections. Use as an async context manager; safe for many tasks of one loop."""

    def __init__(
        self, guard: AddressGuard, *, timeout_s: float = 15.0, tls: ssl.SSLContext | None = None
    ) -> None:
        self._guard = guard
        self._timeout = aiohttp.ClientTimeout(
            total=timeout_s, sock_connect=min(_CONNECT_TIMEOUT_S, timeout_s)
        )
        self._tls = tls
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        connector = aiohttp.TCPConnector(
            resolver=_GuardedResolver(self._guard),
            use_dns_cache=False,
            limit=0,  # concurrency is bounded per receiver by the sender, never by one pool that all share
            keepalive_timeout=30,
            ssl=self._tls if self._tls is not None else True,
            socket_factory=self._open_socket,
        )
        self._session = aiohttp.ClientSession(
            connector=connector,
            timeout=self._timeout,
            cookie_jar=aiohttp.DummyCookieJar(),
            trust_env=False,
            auto_decompress=False,
            skip_auto_headers=("Accept-Encoding",),
            headers={"User-Agent": USER_AGENT, "Accept": "*/*"},
        )
        return self

    async def __aexit__(self, *_exc: object) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None

    def _open_socket(self, info: tuple[Any, ...]) -> socket.socket:
        """Make the socket for one address: the last check, on the address that is really connected to."""
        family, kind, protocol, _name, address = info
        self._guard.check_address(str(address[0]), int(address[1]))
        return socket.socket(family, kind, protocol)

    async def post(self, url: str, *, body: bytes, headers: Mapping[str, str]) -> Reply:
        """POST once and return what came of it; a network fault is a result, not an exception."""
        if self._session is None:
            raise RuntimeError("the pool is not open")
        started = time.perf_counter()

        def elapsed_ms() -> int:
            return int((time.perf_counter() - started) * 1000)

        try:
            async with self._session.post(url, data=body, headers=headers, allow_redirects=False) as response:
                start, is_whole = await _read_start(response)
                if not is_whole:
                    response.close()  # the rest is not wanted; a long reply must not occupy us
                return Reply(
                    status=response.status,
                    fault=None,
                    latency_ms=elapsed_ms(),
                    excerpt=printable(start),
                    retry_after=response.headers.get("Retry-After"),
                )
        except (TimeoutError, aiohttp.ClientError, OSError, ValueError) as error:
            return Reply(status=None, fault=_fault_of(error), latency_ms=elapsed_ms())


async def _read_start(response: aiohttp.ClientResponse) -> tuple[bytes, bool]:
    start = b""
    while len(start) < _REPLY_BYTES_READ:
        chunk = await response.content.read(_REPLY_BYTES_READ - len(start))
        if not chunk:
            return start, True
        start += chunk
    return start, response.content.at_eof()


def printable(reply: bytes) -> str:
    """Return the start of a reply as text that is safe to store and to show."""
    return _UNPRINTABLE.sub(" ", reply.decode("utf-8", "replace"))[:EXCERPT_LENGTH_MAX]


def _fault_of(error: BaseException) -> str:
    causes: list[BaseException] = []
    current: BaseException | None = error
    while current is not None and current not in causes:
        causes.append(current)
        current = getattr(current, "os_error", None) or current.__cause__ or current.__context__
    if any(isinstance(cause, BlockedAddress) for cause in causes):
        return "blocked"
    if any(isinstance(cause, (asyncio.TimeoutError, TimeoutError)) for cause in causes):
        return "timeout"
    if any(
        isinstance(cause, (ssl.SSLError, ssl.CertificateError, aiohttp.ClientSSLError)) for cause in causes
    ):
        return "tls"
    if any(isinstance(cause, (socket.gaierror, aiohttp.ClientConnectorDNSError)) for cause in causes):
        return "unresolved"
    if isinstance(error, (aiohttp.ClientConnectionError, OSError)):
        return "unreachable"
    return "protocol"
