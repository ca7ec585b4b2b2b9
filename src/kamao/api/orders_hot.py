"""The lean handler of ``POST /api/v1/orders``: raw ASGI, one decode, one queue, one encode.

Owns the shortest way through the contract for one order; held equal to the framework's route by tests that
send the same table of requests to both. Refuses nothing of its own: every rule is in the modules it calls.
"""

from typing import Any, Final

from kamao.api.access import AccessLog
from kamao.api.auth import Authenticator, peer_address, require_scope
from kamao.api.errors import PROBLEM_TYPE, extra_headers, language_of, problem_bytes
from kamao.api.order_answers import single_renderer
from kamao.api.orders import engine_request, order_decoder, with_checked_target
from kamao.api.ratelimit import Standing
from kamao.api.services import Services
from kamao.api.validation import decode_or_refuse, refuse_repeated_names
from kamao.business.identity.keys import KeyRecord
from kamao.kernel.errors import Refusal
from kamao.kernel.limits import BODY_BYTES_MAX

PATH: Final = "/api/v1/orders"
_JSON: Final = (b"content-type", b"application/json")
_PROBLEM: Final = (b"content-type", PROBLEM_TYPE)
_NO_STORE: Final = (b"cache-control", b"no-store")
_NO_SNIFF: Final = (b"x-content-type-options", b"nosniff")


class HotOrders:
    """The ASGI application of one method of one path."""

    def __init__(self, services: Services, authenticator: Authenticator, log: AccessLog) -> None:
        self._services = services
        self._authenticator = authenticator
        self._log = log

    async def __call__(self, scope: Any, receive: Any, send: Any, request_id: str) -> None:
        """Answer one request."""
        headers = dict(scope["headers"])
        language = language_of(headers.get(b"accept-language", b""))
        standing: list[Standing] = []
        try:
            status, body, refusal = await self._answer(
                scope, receive, headers, language, request_id, standing
            )
        except Refusal as error:
            status, refusal = error.status, error
            body = problem_bytes(error, language=language, request_id=request_id)
        out = [
            _JSON if status < 300 else _PROBLEM,
            (b"content-length", b"%d" % len(body)),
            (b"x-request-id", request_id.encode()),
            _NO_STORE,
            _NO_SNIFF,
        ]
        if standing:
            out += standing[0].headers()
        if refusal is not None:
            out += extra_headers(refusal)
        await send({"type": "http.response.start", "status": status, "headers": out})
        await send({"type": "http.response.body", "body": body})
        self._log.order(status)

    async def _answer(
        self, scope: Any, receive: Any, headers: dict[bytes, bytes], language: str, request_id: str,
        standing: list[Standing],
    ) -> tuple[int, bytes, Refusal | None]:  # fmt: skip
        authorization = headers.get(b"authorization")
        key = self._authenticator.known(authorization) if authorization is not None else None
        if key is None:
            peer = peer_address(scope, headers, trusts_proxy=self._services.trusts_proxy)
            key = await self._authenticator.key_of(authorization, peer_ip=peer)
        if "orders:write" not in key.scopes:
            require_scope(key, "orders:write")
        if key.rate_limit_per_minute is not None:
            standing.append(self._services.limiter.take(key.id, limit=key.rate_limit_per_minute))
        body = await read_body(receive, headers)
        order = decode_order(body)
        if order.target is not None:
            order = await with_checked_target(self._services, order)
        request = engine_request(order, key.organisation)
        if standing and not standing[0].is_allowed:
            raise Refusal("rate_limited", retry_after_s=standing[0].reset_s)
        cell = self._services.cells[key.cell]
        render = single_renderer(
            self._keyring_for(key), language=language, request_id=request_id, target=order.target
        )
        answer: tuple[int, bytes, Refusal | None] = await cell.express.submit(request, render=render)
        return answer

    def _keyring_for(self, key: KeyRecord) -> Any:
        return self._services.keyring if "codes:read" in key.scopes else None


async def read_body(receive: Any, headers: dict[bytes, bytes]) -> bytes:
    """Return the whole body. Raises Refusal ``too_large`` past 1 MiB, announced or counted, and 415 for
    another type.
    """
    length = headers.get(b"content-length")
    if length is not None and (not length.isdigit() or int(length) > BODY_BYTES_MAX):
        raise Refusal("too_large")
    check_content_type(headers.get(b"content-type", b""))
    message = await receive()
    body: bytes = message.get("body", b"")
    if not message.get("more_body"):
        if len(body) > BODY_BYTES_MAX:
            raise Refusal("too_large")
        return body
    parts = [body]
    size = len(body)
    while message.get("more_body"):
        if size > BODY_BYTES_MAX:
            raise Refusal("too_large")
        message = await receive()
        if message["type"] != "http.request":
            raise Refusal("malformed")
        part = message.get("body", b"")
        size += len(part)
        parts.append(part)
    if size > BODY_BYTES_MAX:
        raise Refusal("too_large")
    return b"".join(parts)


def check_content_type(content_type: bytes) -> None:
    """Raise ``unsupported_media_type`` unless a body is declared as JSON."""
    if (
        content_type != b"application/json"
        and content_type.partition(b";")[0].strip().lower() != b"application/json"
    ):
        raise Refusal("unsupported_media_type")


def decode_order(body: bytes) -> Any:
    """Return the request of a body. Raises Refusal ``malformed`` or ``invalid``.

    An object with three names in a decoded order holds exactly the three required ones, so that the search
    for repeated names is spared where there are only three colons.
    """
    order = decode_or_refuse(body, order_decoder)
    if body.count(b":") != 3:
        refuse_repeated_names(body)
    return order
