"""Mounts the open API into the web process.

Owns the one place that knows the API's factory. Where the package is absent, answers every API call with 503
in the contract's problem form, so that readiness tells the truth instead of a missing module stopping the
pages.
"""

from importlib import import_module
from importlib.util import find_spec
from typing import cast

from kamao.runtime.asgi_types import Application, Receive, Scope, Send

_PROBLEM = (
    b'{"type":"about:blank","title":"Service Unavailable","status":503,"code":"api_unavailable",'
    b'"detail":"the open API is not part of this build"}'
)


def api_present() -> bool:
    """Whether this build has the open API."""
    return find_spec("kamao.api") is not None and find_spec("kamao.api.app") is not None


def load_api() -> Application:
    """The API's ASGI application."""
    if api_present():
        return cast("Application", import_module("kamao.api.app").create_app())
    return _absent


async def _absent(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "lifespan":
        while True:
            message = await receive()
            await send({"type": f"{message['type']}.complete"})
            if message["type"] == "lifespan.shutdown":
                return
    headers = [(b"content-type", b"application/problem+json"), (b"retry-after", b"5")]
    await send({"type": "http.response.start", "status": 503, "headers": headers})
    await send({"type": "http.response.body", "body": _PROBLEM})
