"""Orders answered at the socket: the shortest way of ``POST /api/v1/orders``, from a request's bytes to its
answer's without a task, a scope or a header parsed twice.

A client's requests begin with the same bytes again and again; what the server's parser made of a head once is
true of the same bytes for ever. Owns the heads known so far and the answers' bytes. Refuses nothing: whatever
is not plain (a head not seen before, a key not checked within half a second, a target, any fault in the body)
is declined and takes the ordinary way, which alone says no; tests hold both to the same table of requests.
"""

import asyncio
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Final

import msgspec

from kamao.api.access import AccessLog
from kamao.api.auth import Authenticator
from kamao.api.errors import PROBLEM_TYPE, extra_headers, language_of, problem_bytes
from kamao.api.order_forms import order_json
from kamao.api.orders import engine_request, refusal_of, status_of
from kamao.api.orders_hot import PATH, check_content_type, decode_order
from kamao.api.ratelimit import Standing
from kamao.api.services import Services
from kamao.engine.trade.types import SubmitResult
from kamao.kernel.errors import Refusal
from kamao.kernel.sealing import Keyring

_HEADS_MAX: Final = 2_048
_BODY_BYTES_MAX: Final = 16_384
_REQUEST_LINE: Final = b"POST %b HTTP/1.1\r\n" % PATH.encode()
_NEEDED: Final = frozenset({b"authorization", b"content-length", b"content-type"})
_AWKWARD: Final = frozenset({b"transfer-encoding", b"expect", b"upgrade"})
_ANSWER: Final = (
    b"content-type: %b\r\ncontent-length: %d\r\nx-request-id: %b\r\ncache-control: no-store\r\n"
    b"x-content-type-options: nosniff\r\n%b\r\n%b"
)
_JSON: Final = b"application/json"

Reply = Callable[[int, bytes], None]
"""Takes a status and everything of an answer behind its status line."""
Headers = Sequence[tuple[bytes, bytes]]


class KnownHead(msgspec.Struct, frozen=True, gc=False):
    """What a request's head says, as far as it matters here."""

    authorization: bytes
    language: str
    body_bytes: int


class WireOrders:
    """The orders of one process. Used on its event loop only."""

    def __init__(
        self,
        services: Services,
        authenticator: Authenticator,
        log: AccessLog,
        *,
        new_request_id: Callable[[], str],
        loop: asyncio.AbstractEventLoop,
    ) -> None:
        self._services = services
        self._authenticator = authenticator
        self._log = log
        self._new_request_id = new_request_id
        self._loop = loop
        self.heads: dict[bytes, KnownHead] = {}

    def learn(self, head: bytes, headers: Headers) -> None:
        """Remember a head, empty line included, that the server's parser has read from its first byte and
        found these headers in; unless it is anything but the beginning of an ordinary order.
        """
        if not head.startswith(_REQUEST_LINE) or head.count(b"\r\n") != len(headers) + 2:
            return
        found = dict(headers)
        if len(found) != len(headers) or not found.keys() >= _NEEDED or not _AWKWARD.isdisjoint(found):
            return
        length = found[b"content-length"]
        if not length.isdigit() or int(length) > _BODY_BYTES_MAX:
            return
        try:
            check_content_type(found[b"content-type"])
        except Refusal:
            return
        if len(self.heads) >= _HEADS_MAX:
            self.heads.clear()
        language = language_of(found.get(b"accept-language", b""))
        self.heads[head] = KnownHead(found[b"authorization"], language, int(length))

    def place(self, head: KnownHead, body: bytes, reply: Reply) -> bool:
        """Queue the order and answer it later; False where the request must take the ordinary way."""
        key = self._authenticator.known(head.authorization)
        if key is None or "orders:write" not in key.scopes:
            return False
        try:
            order = decode_order(body)
            if order.target is not None:
                return False
            request = engine_request(order, key.organisation)
        except Refusal:
            return False
        standing: Standing | None = None
        if key.rate_limit_per_minute is not None:
            # A refused request is not counted, so that the ordinary way may ask again and say no.
            standing = self._services.limiter.take(key.id, limit=key.rate_limit_per_minute)
            if not standing.is_allowed:
                return False
        keyring = self._services.keyring if "codes:read" in key.scopes else None
        answer = _Answer(keyring, head.language, self._new_request_id(), standing)
        deliver = partial(self._deliver, reply, answer)
        try:
            self._services.cells[key.cell].express.queue(
                request, render=answer.render, deliver=deliver, loop=self._loop
            )
        except Refusal as refusal:
            deliver(refusal)
        return True

    def _deliver(self, reply: Reply, answer: "_Answer", made: Any) -> None:
        if isinstance(made, Refusal):
            made = answer.refused(made)
        status, rest = made
        reply(status, rest)
        self._log.order(status)


class _Answer:
    """What turns the one result of an order into the bytes of its answer."""

    __slots__ = ("_keyring", "_language", "_request_id", "_standing")

    def __init__(
        self, keyring: Keyring | None, language: str, request_id: str, standing: Standing | None
    ) -> None:
        self._keyring = keyring
        self._language = language
        self._request_id = request_id
        self._standing = standing

    def render(self, results: Sequence[SubmitResult]) -> tuple[int, bytes]:
        """Return status and bytes; runs in a lane's thread."""
        result = results[0]
        if result.order is None:
            return self.refused(refusal_of(result.outcome))
        body = order_json(result.order, keyring=self._keyring)
        return status_of(result.outcome), self._bytes(_JSON, body, b"")

    def refused(self, refusal: Refusal) -> tuple[int, bytes]:
        """Return status and bytes of a refusal."""
        body = problem_bytes(refusal, language=self._language, request_id=self._request_id)
        extra = b"".join([b"%b: %b\r\n" % pair for pair in extra_headers(refusal)])
        return refusal.status, self._bytes(PROBLEM_TYPE, body, extra)

    def _bytes(self, content_type: bytes, body: bytes, extra: bytes) -> bytes:
        if self._standing is not None:
            extra += b"".join([b"%b: %b\r\n" % pair for pair in self._standing.headers()])
        return _ANSWER % (content_type, len(body), self._request_id.encode(), extra, body)
