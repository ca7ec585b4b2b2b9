"""The one ASGI application of a web process: sends each request to the API, to the collected static files, to
the pages, or answers for the node itself.

Owns the dispatch and the life of the process (opening, closing). `lifespan` goes to the API alone, because
Django's ASGI handler raises on it. Websockets never arrive: the server does not speak them.
"""

import os
from typing import cast

from kamao.runtime.asgi_types import Application, Receive, Scope, Send, Wire
from kamao.runtime.processes import die_with_parent

die_with_parent()
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kamao.runtime.django_settings")

from django.core.asgi import get_asgi_application  # noqa: E402  the settings must be named first

pages = cast("Application", get_asgi_application())

from kamao.runtime import health  # noqa: E402  needs Django's settings
from kamao.runtime.api_mount import load_api  # noqa: E402
from kamao.runtime.static_files import static_files  # noqa: E402

api: Application = load_api()
files: Application = static_files()


class _Dispatcher:
    """The application. Plain orders never reach it: the server's protocol gives them to ``wire`` first."""

    @property
    def wire(self) -> Wire | None:
        """What answers orders at the socket; None before start-up and after the end."""
        return getattr(api, "wire", None)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Dispatch one connection by its kind and path."""
        kind = scope["type"]
        if kind == "lifespan":
            await api(scope, receive, send)
            return
        path: str = scope["path"]
        if path.startswith("/api/"):
            await api(scope, receive, send)
        elif path in health.PATHS:
            await health.answer(scope, receive, send)
        elif path.startswith("/static/"):
            await files(scope, receive, send)
        else:
            await pages(scope, receive, send)


application = _Dispatcher()
