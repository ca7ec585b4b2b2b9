"""All pages of a node: each app's own `urls`, and nothing else. The API has its own routes and is not seen
from here.
"""

from importlib.util import find_spec

from django.apps import apps
from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path
from django.views.i18n import JavaScriptCatalog, set_language

MOUNTS = (
    ("kamao.business.payments", "pay/"),
    ("kamao.portals.accounts", ""),
    ("kamao.portals.merchant", "merchant/"),
    ("kamao.portals.supplier", "supplier/"),
    ("kamao.portals.operator", "operator/"),
    ("kamao.portals.market", ""),
    ("kamao.portals.kit", ""),
)
"""App and the path its `urls` is mounted at, in the order they are tried."""

urlpatterns: list[URLPattern | URLResolver] = [
    path("operator/admin/", admin.site.urls),
    path("accounts/", include("allauth.urls")),
    path("language/", set_language, name="set_language"),
    path("language/messages.js", JavaScriptCatalog.as_view(), name="javascript-catalog"),
]
urlpatterns += [
    path(prefix, include(f"{app}.urls"))
    for app, prefix in MOUNTS
    if apps.is_installed(app) and find_spec(f"{app}.urls") is not None
]

handler400 = "kamao.portals.kit.refusals.bad_request"
handler403 = "kamao.portals.kit.refusals.permission_denied"
handler404 = "kamao.portals.kit.refusals.page_not_found"
handler500 = "kamao.portals.kit.refusals.server_error"
