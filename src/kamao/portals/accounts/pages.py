"""Decorators and helpers of console pages: who may enter, with which second factor, and how a page is
rendered.

`console_page` gives a view `request.acting`. Refuses by status: 404 for strangers, 403 without the
permission; whoever is not signed in goes to the sign-in page and comes back.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec
from urllib.parse import urlencode, urlsplit

from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache

from kamao.business.identity import second_factor
from kamao.business.identity.permissions import Permission
from kamao.kernel.errors import Refusal
from kamao.portals.accounts.acting import Acting, acting_in, message_of

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponse]


class ConsoleRequest(HttpRequest):
    """A request that went through `console_page`."""

    acting: Acting


def console_page(*kinds: str, permission: Permission = Permission.HOME_READ) -> Callable[[Any], Any]:
    """Let in members of an organisation of these kinds who hold the permission.

    Without kinds the console comes from the URL pattern (`kind`): pages that every console has.
    """

    def decorate(view: Any) -> Any:
        @wraps(view)
        @never_cache
        def entered(request: Any, *args: Any, **kwargs: Any) -> HttpResponse:
            if not request.user.is_authenticated:
                return redirect_to_login(request.get_full_path())
            wanted = kinds or (kwargs.pop("kind"),)
            request.acting = acting_in(request, kinds=wanted)
            request.acting.require(permission)
            response: HttpResponse = view(request, *args, **kwargs)
            return response

        return entered

    return decorate


def second_factor_required(view: Any) -> Any:
    """Ask for a second factor at most ten minutes old, for the page and for what it posts.

    A post without a fresh proof does nothing; the person proves it and finds the form again.
    """

    @wraps(view)
    def proved(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not second_factor.is_recent(request, at=timezone.now()):
            target = request.get_full_path() if request.method == "GET" else _page_before(request)
            return go(request, reverse("accounts:step_up") + "?" + urlencode({"next": target}))
        response: HttpResponse = view(request, *args, **kwargs)
        return response

    return proved


def _page_before(request: HttpRequest) -> str:
    """Return the page of this node whose form was sent: many addresses that take a POST show nothing by
    themselves.
    """
    referrer = urlsplit(request.headers.get("Referer", ""))
    same = referrer.netloc == request.get_host()
    return (
        (referrer.path + (f"?{referrer.query}" if referrer.query else "")) if same and referrer.path else "/"
    )


def go(request: HttpRequest, url: str) -> HttpResponse:
    """Redirect a page, or a fragment's whole page where htmx asked."""
    if request.headers.get("HX-Request") == "true":
        return HttpResponse(status=204, headers={"HX-Redirect": url})
    return HttpResponseRedirect(url)


def page(
    request: ConsoleRequest, template: str, context: dict[str, Any] | None = None, *, status: int = 200
) -> HttpResponse:
    """Render a console page: adds who acts and the console's frame (`console_base`)."""
    acting = request.acting
    values: dict[str, Any] = {
        "acting": acting,
        "holds": acting.holds,
        "organisation": acting.organisation,
        "console": acting.organisation.kind,
        "console_base": f"{acting.organisation.kind}/console.html",
        **(context or {}),
    }
    return render(request, template, values, status=status)


def say(request: HttpRequest, text: str) -> None:
    """Show a sentence on the next page."""
    messages.success(request, text)


def say_refusal(request: HttpRequest, refusal: Refusal) -> None:
    """Show on the next page why something was not done."""
    messages.error(request, message_of(refusal))


def filtered_url(request: HttpRequest, **changes: str) -> str:
    """Return this page's address with some query parameters changed: exports keep the filters."""
    query = request.GET.copy()
    for name, value in changes.items():
        query[name] = value
    return f"?{query.urlencode()}"
