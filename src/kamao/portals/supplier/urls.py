"""Addresses of the supplier console."""

from django.urls import path

from kamao.portals.accounts.console_urls import console_patterns
from kamao.portals.supplier import home, imports, imports_reviews

app_name = "supplier"

urlpatterns = [
    path("", home.home, name="home"),
    *imports.patterns,
    *imports_reviews.patterns,
    *console_patterns("supplier"),
]
