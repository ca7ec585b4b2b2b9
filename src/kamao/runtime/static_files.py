"""Sends the collected static files. Their names change with their content, so browsers may keep them.

Refuses everything outside the collected folder; a missing file is an empty 404.
"""

from typing import Final, cast

from django.conf import settings
from litestar import Litestar, Response
from litestar.datastructures import CacheControlHeader
from litestar.exceptions import HTTPException
from litestar.static_files import create_static_files_router

from kamao.runtime.asgi_types import Application

_KEEP: Final = CacheControlHeader(max_age=86_400, public=True)


def static_files() -> Application:
    """Return the application that answers below ``/static/``."""
    router = create_static_files_router(
        path="/static", directories=[settings.STATIC_ROOT], cache_control=_KEEP
    )
    app = Litestar(
        route_handlers=[router],
        openapi_config=None,
        logging_config=None,
        exception_handlers={HTTPException: _missing},
    )
    return cast("Application", app)


def _missing(_request: object, error: HTTPException) -> Response[bytes]:
    return Response(content=b"", status_code=error.status_code, media_type="text/plain")
