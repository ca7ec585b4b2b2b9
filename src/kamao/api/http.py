"""The API's side of the framework: the request class, the guard, and how handlers run their work.

Owns the order of refusals on ordinary routes (key, scope, body, parameters, limit, then the work) and the one
bridge from the event loop to synchronous code. Refuses query parameters that a route does not know.
"""

import asyncio
import re
import time
from collections.abc import Callable
from datetime import datetime
from functools import lru_cache
from typing import Any, Final, TypeVar, cast

import msgspec
import psycopg
from django.db import InterfaceError, OperationalError, close_old_connections
from litestar import Request
from litestar.connection import ASGIConnection
from litestar.datastructures import State
from litestar.handlers import BaseRouteHandler
from litestar.types import Empty
from prometheus_client import Counter

from kamao.api.auth import Authenticator, peer_address, require_scope
from kamao.api.errors import ParameterRefusal, language_of
from kamao.api.orders_hot import check_content_type
from kamao.api.ratelimit import Standing
from kamao.api.services import CellServices, Services
from kamao.api.validation import decode
from kamao.business.identity.audit import Actor
from kamao.business.identity.keys import KeyRecord
from kamao.engine.trade.submit import TRANSIENT
from kamao.kernel.errors import Refusal

T = TypeVar("T")
REQUEST_ID: Final = "kamao_request_id"
_KEY: Final = "kamao_key"
STANDING: Final = "kamao_standing"
_RETRY_PAUSES_S: Final = (0.01, 0.05, 0.1)
_DATABASE_FAULTS: Final = (psycopg.OperationalError, OperationalError, InterfaceError)
_retries: Final = Counter(
    "kamao_api_database_faults_total", "Database faults met by ordinary routes", ["fault"]
)
_TEXT_FORMS: Final = (
    (bool, re.compile("true|false")),
    (int, re.compile("-?[0-9]+")),
    (datetime, re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?(Z|[+-]\d\d:\d\d)", re.ASCII)),
)
_NOT_NULL: Final = re.compile("(?!null$).*", re.DOTALL | re.IGNORECASE)
_RESERVED: Final = frozenset({"request", "data"})


@lru_cache(maxsize=256)
def _decoder_for(type_: Any) -> "msgspec.json.Decoder[Any]":
    return msgspec.json.Decoder(type_)


def _values(connection: ASGIConnection[Any, Any, Any, Any]) -> dict[str, Any]:
    """Where a connection keeps what this package knows of it; the scope's type names only ASGI's own keys."""
    return cast("dict[str, Any]", connection.scope)


class ApiRequest(Request[Any, Any, State]):
    """A request with its key, its cell and its language."""

    async def json(self) -> Any:
        """Return the body decoded strictly into the type of the handler's ``data``."""
        if self._json is Empty:
            check_content_type(self.headers.get("content-type", "").encode("latin-1"))
            field = self.route_handler.parsed_data_field
            assert field is not None
            # A body may be left out where the type has None in it; a body that says null is none of the
            # documented ones.
            wanted = (
                next((each for each in field.args if each is not type(None)), None)
                if field.is_optional
                else None
            )
            self._json = decode(await self.body(), _decoder_for(wanted or field.annotation))
        return self._json

    @property
    def services(self) -> Services:
        """The services of this process."""
        found: Services = self.app.state.services
        return found

    @property
    def key(self) -> KeyRecord:
        """The caller's key; only on routes that ask for one."""
        found: KeyRecord = _values(self)[_KEY]
        return found

    @property
    def cell(self) -> CellServices:
        """The services of the cell that the key belongs to."""
        return self.services.cells[self.key.cell]

    @property
    def language(self) -> str:
        """``zh`` or ``en``."""
        return language_of(self.headers.get("accept-language", "").encode("latin-1"))

    @property
    def request_id(self) -> str:
        """The id of this request, as in the header X-Request-Id."""
        found: str = _values(self)[REQUEST_ID]
        return found

    @property
    def peer_ip(self) -> str | None:
        """The caller's address."""
        return peer_address(self.scope, dict(self.scope["headers"]), trusts_proxy=self.services.trusts_proxy)

    @property
    def actor(self) -> Actor:
        """Who acts, for the audit trail."""
        return Actor(api_key=self.key.id, address=self.peer_ip)

    def check(self) -> None:
        """Raise what comes after the body in the order of refusals: unknown parameters, then the rate
        limit.
        """
        known = _known_parameters(self.route_handler)
        unknown = [name for name in self.query_params if name not in known]
        if unknown:
            raise ParameterRefusal(
                [(name, "没有这个查询参数", "There is no such query parameter") for name in unknown]
            )
        wrong = _wrong_texts(self.route_handler, self.query_params)
        if wrong:
            raise ParameterRefusal(
                [(name, "参数值无效或重复", "The value is not valid, or given twice") for name in wrong]
            )
        standing: Standing | None = self.scope.get(STANDING)  # type: ignore[assignment]
        if standing is not None and not standing.is_allowed:
            raise Refusal("rate_limited", retry_after_s=standing.reset_s)

    async def run(self, work: Callable[[], T]) -> T:
        """Check, then run synchronous work in one of the API's few threads, with Django's connections put in
        order.
        """
        self.check()
        return await asyncio.get_running_loop().run_in_executor(self.services.threads, _bridged, work)


def _bridged(work: Callable[[], T]) -> T:
    """Run work; again after a deadlock or a lock that did not come, a bounded number of times."""
    close_old_connections()
    try:
        for pause_s in _RETRY_PAUSES_S:
            try:
                return work()
            except _DATABASE_FAULTS as error:
                fault = error if isinstance(error, psycopg.Error) else error.__cause__
                _retries.labels(type(fault).__name__).inc()
                if not isinstance(fault, TRANSIENT):
                    # The connection is gone: what became of a commit is unknown, so the caller repeats the
                    # request.
                    raise Refusal("overloaded") from error
                time.sleep(pause_s)
        raise Refusal("overloaded")
    finally:
        close_old_connections()


@lru_cache(maxsize=256)
def _known_parameters(handler: BaseRouteHandler) -> frozenset[str]:
    return (
        frozenset(public_name(handler, name) for name in handler.parsed_fn_signature.parameters) - _RESERVED
    )


def _wrong_texts(handler: BaseRouteHandler, values: Any) -> list[str]:
    """Return parameters given twice, or written in a way that the framework reads but the contract does not
    promise: ``null``, a time as a bare number, ``1`` for true.
    """
    wrong = []
    for name, field in handler.parsed_fn_signature.parameters.items():
        public = public_name(handler, name)
        texts = values.getall(public, [])
        form = next((form for kind, form in _TEXT_FORMS if kind in (field.annotation, *field.args)), None)
        if form is None and str not in (field.annotation, *field.args):
            form = _NOT_NULL
        if len(texts) > 1 or (texts and form is not None and not form.fullmatch(texts[0])):
            wrong.append(public)
    return wrong


def public_name(handler: BaseRouteHandler, name: str) -> str:
    """Return the name under which callers know a parameter of a handler."""
    field = handler.parsed_fn_signature.parameters.get(name)
    return getattr(field.kwarg_definition, "name", None) or name if field is not None else name


async def guard(connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
    """Authenticate, check the route's scope and count the request. A route without ``scope`` in ``opt`` is
    public.
    """
    scope = handler.opt.get("scope")
    if scope is None:
        return
    services: Services = connection.app.state.services
    authenticator: Authenticator = connection.app.state.authenticator
    headers = dict(connection.scope["headers"])
    peer = peer_address(connection.scope, headers, trusts_proxy=services.trusts_proxy)
    key = await authenticator.key_of(headers.get(b"authorization"), peer_ip=peer)
    if key.rate_limit_per_minute is not None:
        _values(connection)[STANDING] = services.limiter.take(key.id, limit=key.rate_limit_per_minute)
    if scope:
        require_scope(key, scope)
    _values(connection)[_KEY] = key
