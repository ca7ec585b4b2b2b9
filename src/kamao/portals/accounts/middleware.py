"""Headers every page carries, refusals as pages, and the wall around an impersonation.

Own pages run no inline script and no eval; only the back office's path is relaxed, which staff with a second factor
alone can open.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone

from kamao.kernel.errors import Refusal
from kamao.portals.accounts.acting import IMPERSONATION_KEY, current_impersonation, message_of

ADMIN_PATH: Final = "/operator/admin/"
_SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_COMMON: Final = (
    "default-src 'self'; img-src 'self' data:; font-src 'self' data:; connect-src 'self'; object-src 'none'; "
    "base-uri 'self'; form-action 'self'; frame-ancestors 'none'; "
)
OWN_POLICY: Final = _COMMON + "script-src 'self'; style-src 'self'"
ADMIN_POLICY: Final = (
    _COMMON + "script-src 'self' 'unsafe-inline' 'unsafe-eval'; style-src 'self' 'unsafe-inline'"
)
_PERMISSIONS: Final = "camera=(self), microphone=(), geolocation=(), payment=(), usb=()"

GetResponse = Callable[[HttpRequest], HttpResponseBase]


class SecurityHeadersMiddleware:
    """Content policy by path, and the small headers; a view may set a stricter policy of its own."""

    def __init__(self, get_response: GetResponse) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer, then add what is missing."""
        response = self._get_response(request)
        relaxed = request.path.startswith(ADMIN_PATH)
        response.headers.setdefault("Content-Security-Policy", ADMIN_POLICY if relaxed else OWN_POLICY)
        response.headers.setdefault("Permissions-Policy", _PERMISSIONS)
        response.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        return response


class ConsoleMiddleware:
    """Refusals become pages; while staff look at an organisation, nothing is written."""

    def __init__(self, get_response: GetResponse) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Refuse any write of an impersonating session, except ending it."""
        if request.method not in _SAFE_METHODS and IMPERSONATION_KEY in request.session:
            allowed = {
                reverse("accounts:impersonation_end"),
                reverse("account_logout"),
                reverse("set_language"),
            }
            looking = current_impersonation(request, at=timezone.now())
            if looking is not None and request.path not in allowed:
                refusal = Refusal(
                    "forbidden",
                    zh="你正在以只读方式查看该机构，请先结束查看。",
                    en="You are looking at this organisation read-only; end that first.",
                )
                return refusal_page(request, refusal)
        return self._get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponseBase | None:
        """Turn a refusal that no view handled into a page with its status."""
        if not isinstance(exception, Refusal):
            return None
        if exception.code == "unauthenticated":
            return redirect_to_login(request.get_full_path())
        return refusal_page(request, exception)


def refusal_page(request: HttpRequest, refusal: Refusal) -> HttpResponse:
    """Render why something is refused and the way back."""
    return render(
        request,
        "accounts/refusal.html",
        {"status": refusal.status, "reason": message_of(refusal), "refusal": refusal},
        status=refusal.status,
    )
