"""The API's ASGI application: request ids, the lean ordering handler, and the framework behind it.

Owns assembling. Refuses requests until its services are open, which needs the database's address and the key
file only.
"""

import asyncio
import gc
import itertools
import logging
import os
import re
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

from django.conf import settings
from litestar import Litestar, Response, Router
from litestar.exceptions import HTTPException, MethodNotAllowedException, ValidationException

from kamao.api.access import AccessLog
from kamao.api.auth import Authenticator
from kamao.api.docs.pages import DOCS_ROUTES, Document
from kamao.api.errors import (
    ParameterRefusal,
    extra_headers,
    language_of,
    missing,
    problem_bytes,
)
from kamao.api.http import REQUEST_ID, STANDING, ApiRequest, guard, public_name
from kamao.api.openapi import openapi_config
from kamao.api.orders_hot import PATH as ORDERS_PATH
from kamao.api.orders_hot import HotOrders
from kamao.api.orders_wire import WireOrders
from kamao.api.services import Services, open_services
from kamao.api.v1 import ROUTES
from kamao.kernel.errors import Refusal
from kamao.kernel.limits import BODY_BYTES_MAX

_log = logging.getLogger("kamao.api")
_PROBLEM_TYPE: Final = "application/problem+json"
_COMMON: Final = [(b"x-content-type-options", b"nosniff")]


def create_app(services: Services | None = None, *, express: bool = True) -> "Front":
    """Make the application. Without ``services`` they are opened from Django's settings when the server
    starts.

    ``express`` False sends orders through the framework's route too; the tests compare both ways.
    """
    return Front(services, express=express)


class Front:
    """What stands before the framework: numbers requests, answers orders itself, adds the common headers,
    writes the log.
    """

    def __init__(self, services: Services | None, *, express: bool) -> None:
        self._given = services
        self._express = express
        self._log = AccessLog()
        self._hot: HotOrders | None = None
        self.wire: WireOrders | None = None
        """Answers plain orders before a request reaches this application; set while services are open."""
        self._prefix = "req_" + os.urandom(6).hex()
        self._numbers = itertools.count(1)
        self._inner = make_litestar(self._lifespan)
        self._methods = _methods_of(self._inner)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer one connection."""
        if scope["type"] != "http":
            await self._inner(scope, receive, send)
            return
        request_id = self._new_request_id()
        if (
            scope["path"] == ORDERS_PATH
            and scope["method"] == "POST"
            and self._express
            and self._hot is not None
        ):
            await self._hot(scope, receive, send, request_id)
            return
        await self._ordinary(scope, receive, send, request_id)

    def _new_request_id(self) -> str:
        return f"{self._prefix}{next(self._numbers):x}"

    async def _ordinary(self, scope: Any, receive: Any, send: Any, request_id: str) -> None:
        scope[REQUEST_ID] = request_id
        started = time.perf_counter()
        method = scope["method"]
        is_head = method == "HEAD"
        if is_head:
            scope["method"] = "GET"
        if method == "OPTIONS":
            await self._options(scope, send, request_id)
            return
        statuses = [500]

        async def sending(message: Any) -> None:
            if message["type"] == "http.response.start":
                statuses[0] = message["status"]
                message["headers"] = [*message["headers"], *_headers(scope, message, request_id)]
            elif is_head:
                message = {**message, "body": b""}
            await send(message)

        try:
            await self._inner(scope, receive, sending)
        finally:
            self._log.request(
                method=method,
                route=scope.get("path_template", "-"),
                status=statuses[0],
                seconds=time.perf_counter() - started,
                request_id=request_id,
            )

    async def _options(self, scope: Any, send: Any, request_id: str) -> None:
        """Answer OPTIONS: which methods an address has. The framework knows them per handler only."""
        methods = next((names for pattern, names in self._methods if pattern.fullmatch(scope["path"])), set())
        headers = [
            (b"allow", ", ".join(sorted(methods | {"OPTIONS"})).encode()),
            (b"x-request-id", request_id.encode()),
            *_COMMON,
        ]
        await send({"type": "http.response.start", "status": 204, "headers": headers})
        await send({"type": "http.response.body", "body": b""})

    @asynccontextmanager
    async def _lifespan(self, app: Litestar) -> AsyncIterator[None]:
        services = self._given or open_services(
            settings.KAMAO_CONNINFO,
            key_file=Path(settings.KAMAO_KEY_FILE),
            trusts_proxy=bool(os.environ.get("KAMAO_TRUST_PROXY")),
        )
        authenticator = Authenticator(services)
        app.state.services = services
        app.state.authenticator = authenticator
        app.state.document = Document(lambda: make_litestar(None, with_schema=True))
        self._hot = HotOrders(services, authenticator, self._log)
        if self._express:
            self.wire = WireOrders(
                services,
                authenticator,
                self._log,
                new_request_id=self._new_request_id,
                loop=asyncio.get_running_loop(),
            )
        if self._given is None:
            _settle_memory()
        try:
            yield
        finally:
            self._hot = self.wire = None
            self._log.flush(time.monotonic())
            if self._given is None:
                services.close()


def _settle_memory() -> None:
    """Take everything loaded so far out of the garbage collector's sight and let it look less often.

    With its defaults the collector went through half a million long-lived objects every few seconds under
    load, which cost a fifth of the processor time of an order and pauses of a quarter of a second. What the
    process remembers (``engine.trade.memory``) lives for seconds and has no cycles: it is no reason to look
    either.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(200_000, 20, 100)


def _methods_of(app: Litestar) -> list[tuple[re.Pattern[str], set[str]]]:
    """Return every address as a pattern with its methods, plain addresses before those with parameters."""
    methods: dict[str, set[str]] = {}
    for route in app.routes:
        methods.setdefault(route.path_format, set()).update(getattr(route, "methods", ()))
    ordered = sorted(methods.items(), key=lambda each: each[0].count("{"))
    return [(re.compile(re.sub(r"\{[^}]+\}", "[^/]+", path)), names) for path, names in ordered]


def _headers(scope: Any, message: Any, request_id: str) -> list[tuple[bytes, bytes]]:
    headers = [(b"x-request-id", request_id.encode()), *_COMMON]
    if not any(name == b"cache-control" for name, _ in message["headers"]):
        headers.append((b"cache-control", b"no-store"))
    standing = scope.get(STANDING)
    if standing is not None:
        headers += standing.headers()
    return headers


def make_litestar(lifespan: Any, *, with_schema: bool = False) -> Litestar:
    """Return the framework's application with every ordinary route; one ``with_schema`` only writes the
    document.
    """
    return Litestar(
        route_handlers=[Router("/api/v1", route_handlers=ROUTES), *(() if with_schema else DOCS_ROUTES)],
        request_class=ApiRequest,
        guards=[guard],
        lifespan=[lifespan] if lifespan else [],
        openapi_config=openapi_config() if with_schema else None,
        request_max_body_size=BODY_BYTES_MAX,
        exception_handlers={Refusal: _refused, HTTPException: _framework_refused, Exception: _failed},
        logging_config=None,
    )


def _refused(request: Any, refusal: Refusal) -> Response[bytes]:
    language = language_of(request.headers.get("accept-language", "").encode("latin-1"))
    body = problem_bytes(refusal, language=language, request_id=request.scope.get(REQUEST_ID, ""))
    headers = {name.decode(): value.decode() for name, value in extra_headers(refusal)}
    return Response(content=body, status_code=refusal.status, media_type=_PROBLEM_TYPE, headers=headers)


def _framework_refused(request: Any, error: HTTPException) -> Response[bytes]:
    """Turn the framework's own refusals into the contract's."""
    if isinstance(error, ValidationException):
        return _refused(request, _validation(error, request.route_handler))
    if isinstance(error, MethodNotAllowedException):
        response = _refused(request, Refusal("method_not_allowed"))
        response.headers["allow"] = (error.headers or {}).get("allow", "")
        return response
    match error.status_code:
        case 404:
            return _refused(request, Refusal("not_found"))
        case 413:
            return _refused(request, Refusal("too_large"))
        case 400:
            return _refused(request, Refusal("malformed"))
        case 401:
            return _refused(request, Refusal("unauthenticated"))
        case _:
            return _failed(request, error)


def _validation(error: ValidationException, handler: Any) -> Refusal:
    parameters = []
    extra = error.extra if isinstance(error.extra, list) else []
    for each in extra:
        name = str(each.get("key", "")).partition(".")[0]
        if name == "data":
            # The body is decoded by the request class; the framework only notices that there is none.
            return Refusal("malformed")
        if each.get("source") == "path":
            return missing("sku") if name == "sku" else Refusal("not_found")
        name = public_name(handler, name)
        parameters.append((name, "参数值无效", str(each.get("message", "The value is not valid"))))
    return ParameterRefusal(parameters)


def _failed(request: Any, error: Exception) -> Response[bytes]:
    """Answer an unexpected fault without a word of it; the log has the traceback and the request id."""
    _log.error("request %s failed", request.scope.get(REQUEST_ID, ""), exc_info=error)
    return _refused(request, Refusal("internal"))
