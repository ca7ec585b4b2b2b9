"""The start page with its doors. Refuses one-click sign-in on a node that is no demo."""

from django.contrib.auth import get_user_model, login
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET, require_POST

from kamao.portals.kit.demo import HOME_URLS, read_demo

DOORS = (
    ("operator", "shield", _("Operator"), _("Node health, money of the day, every order from end to end.")),
    ("supplier", "truck", _("Supplier"), _("Drop in a messy quote sheet and see it on sale.")),
    ("merchant", "shop", _("Merchant"), _("List a category in one click; prices follow cost.")),
)


@require_GET
def start(request: HttpRequest) -> HttpResponse:
    """Show what this node is, and on a demo node the four doors."""
    demo = read_demo()
    doors = [
        {"role": role, "icon": icon, "name": name, "hint": hint}
        for role, icon, name, hint in DOORS
        if demo is not None and role in demo.emails
    ]
    consoles = [
        {"url": HOME_URLS[role], "icon": icon, "name": name, "hint": hint} for role, icon, name, hint in DOORS
    ]
    context = {"demo": demo, "doors": doors, "consoles": consoles}
    return render(request, "kit/start.html", context)


@require_POST
def open_door(request: HttpRequest, role: str) -> HttpResponse:
    """Sign in as the demo account of a role; 404 on a node that is no demo."""
    demo = read_demo()
    if demo is None or role not in demo.emails:
        raise Http404
    user = get_user_model().objects.filter(email=demo.emails[role], is_active=True).first()
    if user is None:
        raise Http404
    login(request, user, backend="django.contrib.auth.backends.ModelBackend")
    return redirect(HOME_URLS[role])
