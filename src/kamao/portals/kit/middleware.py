"""What every page answers with: the content security policy, and refusals as pages in the reader's language.

The policy forbids inline scripts and eval. Only the back office of django-unfold is relaxed, because unfold
needs it; it is for staff with a second factor.
"""

from collections.abc import Callable
from typing import Final

from django.http import HttpRequest, HttpResponse

from kamao.kernel.errors import Refusal
from kamao.portals.kit import refusals

POLICY: Final = (
    "default-src 'self'; img-src 'self' data: blob:; style-src 'self'; script-src 'self'; object-src 'none'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
POLICY_RELAXED: Final = (
    "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; "
    "script-src 'self' 'unsafe-inline' 'unsafe-eval'; object-src 'none'; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'none'"
)
RELAXED_PREFIX: Final = "/operator/admin/"


class PageSecurityMiddleware:
    """Sets the content security policy on every page that does not carry one."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer with the policy for this path."""
        response = self.get_response(request)
        policy = POLICY_RELAXED if request.path.startswith(RELAXED_PREFIX) else POLICY
        response.headers.setdefault("Content-Security-Policy", policy)
        return response


class RefusalMiddleware:
    """Turns a ``Refusal`` raised by any page into a page (or a toast, for htmx) that says what to do next."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Pass the request on."""
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Answer refusals; leave every other exception alone."""
        if isinstance(exception, Refusal):
            return refusals.refusal_response(request, exception)
        return None
