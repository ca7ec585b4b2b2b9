"""Refusals and failures as pages: 400, 403, 404, 429, 500, 503 in both languages, with a way on."""

import json
from typing import Final

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.functional import Promise
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from kamao.kernel.errors import Refusal

PAGES: Final[dict[int, tuple[str | Promise, str | Promise]]] = {
    400: (_("This request cannot be read"), _("Go back, reload the page and try again.")),
    401: (_("Please sign in"), _("Sign in and open the page again.")),
    402: (_("The balance does not suffice"), _("Top up the wallet and try again.")),
    403: (
        _("You may not do this"),
        _("Sign in with an account that has this right, or reload the page and try again."),
    ),
    404: (_("There is nothing here"), _("The address may be mistyped, or what it named is gone.")),
    405: (_("That does not work here"), _("Go back and use the buttons of the page.")),
    409: (_("Things have changed meanwhile"), _("Reload the page to see how they stand now.")),
    413: (_("That is too large"), _("Send it in smaller parts.")),
    422: (_("Something in the form is not right"), _("Go back and correct it.")),
    429: (_("Too many attempts"), _("Wait a few minutes, then try again.")),
    500: (
        _("Something broke on our side"),
        _("Nothing is bought twice. Reload in a moment; if it stays, tell the operator."),
    ),
    503: (_("Just a moment, please"), _("The system is busy or starting. This page may be reloaded safely.")),
}


def language() -> str:
    """Return the language of this request, ``zh`` or ``en``."""
    return "en" if (get_language() or "").startswith("en") else "zh"


def error_page(
    request: HttpRequest, *, status: int, message: str = "", code: str = "", retry_after_s: int | None = None
) -> HttpResponse:
    """Return the page of an HTTP error; ``message`` replaces the general advice."""
    title, advice = PAGES.get(status) or PAGES[500]
    context = {"status": status, "error_title": title, "advice": message or advice, "code": code}
    response = render(request, "kit/error.html", context, status=status)
    if retry_after_s is not None:
        response.headers["Retry-After"] = str(retry_after_s)
    response.headers["Cache-Control"] = "no-store"
    return response


def refusal_response(request: HttpRequest, refusal: Refusal) -> HttpResponse:
    """Return a refusal as a page; htmx gets the sentence as JSON, which the kit's script shows as a toast."""
    message = refusal.message(language())
    if request.headers.get("HX-Request") == "true":
        response: HttpResponse = JsonResponse(
            {"code": refusal.code, "detail": message}, status=refusal.status
        )
        if refusal.retry_after_s is not None:
            response.headers["Retry-After"] = str(refusal.retry_after_s)
        return response
    return error_page(
        request,
        status=refusal.status,
        message=message,
        code=refusal.code,
        retry_after_s=refusal.retry_after_s,
    )


def toast(response: HttpResponse, message: str, *, kind: str = "info") -> HttpResponse:
    """Make htmx show a toast when it receives this response."""
    response.headers["HX-Trigger"] = json.dumps({"toast": {"message": message, "kind": kind}})
    return response


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Django's handler400."""
    return error_page(request, status=400)


def permission_denied(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Django's handler403."""
    return error_page(request, status=403)


def page_not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Django's handler404: what was not found is never repeated in the page."""
    return error_page(request, status=404)


def server_error(request: HttpRequest) -> HttpResponse:
    """Django's handler500; the page asks the database nothing."""
    return error_page(request, status=500)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Answer a form whose token is gone (cookies off, page too old)."""
    return error_page(request, status=403, code="csrf")
