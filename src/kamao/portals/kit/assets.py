"""The kit's built style and scripts, sent compressed under names that change with their content.

Owns reading ``static/kit/dist`` once per process. Refuses any other file: the folder is not a file server.
"""

import gzip
import hashlib
from functools import cache
from pathlib import Path
from typing import Final, NamedTuple

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

DIST: Final = Path(__file__).with_name("static") / "kit" / "dist"
TYPES: Final = {
    "kit.css": "text/css; charset=utf-8",
    "kit.js": "text/javascript",
    "theme.js": "text/javascript",
}
_FOREVER: Final = "public, max-age=31536000, immutable"


class Asset(NamedTuple):
    """One file: its address, its bytes, the same compressed."""

    path: str
    content_type: str
    plain: bytes
    packed: bytes


@cache
def read_asset(name: str, modified_ns: int) -> Asset:
    """Return a file of the kit; read again only when it was built anew."""
    plain = (DIST / name).read_bytes()
    stem, _, suffix = name.rpartition(".")
    digest = hashlib.sha256(plain).hexdigest()[:12]
    return Asset(f"/assets/{stem}.{digest}.{suffix}", TYPES[name], plain, gzip.compress(plain, 9, mtime=0))


def asset(name: str) -> Asset:
    """Return a file of the kit as it is now; before the front end was built, a page is plain but works.

    Raises KeyError for a file that is not the kit's.
    """
    known = next((key for key in TYPES if key == name), None)
    if known is None:
        raise KeyError(name)
    try:
        return read_asset(known, (DIST / known).stat().st_mtime_ns)
    except FileNotFoundError:
        stem, _, suffix = known.rpartition(".")
        return Asset(f"/assets/{stem}.unbuilt.{suffix}", TYPES[known], b"", gzip.compress(b""))


@require_safe
def send_asset(request: HttpRequest, name: str) -> HttpResponse:
    """Send a file by its content name; 404 for a name of another build."""
    parts = name.split(".")
    known = f"{parts[0]}.{parts[-1]}"
    if len(parts) != 3 or known not in TYPES:
        raise Http404
    found = asset(known)
    if found.path != f"/assets/{name}":
        raise Http404
    packed = "gzip" in request.headers.get("Accept-Encoding", "")
    response = HttpResponse(found.packed if packed else found.plain, content_type=found.content_type)
    if packed:
        response.headers["Content-Encoding"] = "gzip"
    response.headers["Vary"] = "Accept-Encoding"
    response.headers["Cache-Control"] = _FOREVER
    return response
