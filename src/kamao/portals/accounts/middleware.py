"""Small headers of every page, sign-in for whoever is not signed in, and the wall around an impersonation.

The content policy and refusals as pages are the kit's. Refuses every write while staff look at an
organisation.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponseBase
from django.urls import reverse
from django.utils import timezone

from kamao.kernel.errors import Refusal
from kamao.portals.accounts.acting import IMPERSONATION_KEY, current_impersonation
from kamao.portals.kit.refusals import refusal_response

_SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_PERMISSIONS: Final = "camera=(self), microphone=(), geolocation=(), payment=(), usb=()"

GetResponse = Callable[[HttpRequest], HttpResponseBase]


class SecurityHeadersMiddleware:
    """What a browser may do with a page, and that no other site may read it."""

    def __init__(self, get_response: GetResponse) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer, then add what is missing."""
        response = self._get_response(request)
        response.headers.setdefault("Permissions-Policy", _PERMISSIONS)
        response.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        return response


class ConsoleMiddleware:
    """While staff look at an organisation, nothing is written; strangers to a page sign in first."""

    def __init__(self, get_response: GetResponse) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Refuse any write of an impersonating session, except ending it."""
        if request.method not in _SAFE_METHODS and IMPERSONATION_KEY in request.session:
            allowed = {
                reverse("accounts:impersonation_end"),
                reverse("account_logout"),
                reverse("set_language"),
                reverse("accounts:mode"),
            }
            looking = current_impersonation(request, at=timezone.now())
            if looking is not None and request.path not in allowed:
                return refusal_response(request, _looking_only())
        return self._get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponseBase | None:
        """Send whoever must sign in to the sign-in page; other refusals are rendered by the kit."""
        if isinstance(exception, Refusal) and exception.code == "unauthenticated":
            return redirect_to_login(request.get_full_path())
        return None


def _looking_only() -> Refusal:
    return Refusal(
        "forbidden",
        zh="你正在以只读方式查看该机构，请先结束查看。",
        en="You are looking at this organisation read-only; end that first.",
    )
