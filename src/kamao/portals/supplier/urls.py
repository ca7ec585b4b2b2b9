"""Addresses of the supplier console."""

from django.urls import path

from kamao.portals.accounts.console_urls import console_patterns
from kamao.portals.supplier import fulfilments, goods, home, imports, imports_reviews, settlements

app_name = "supplier"

urlpatterns = [
    path("", home.home, name="home"),
    *imports.patterns,
    *imports_reviews.patterns,
    *goods.patterns,
    *fulfilments.patterns,
    *settlements.patterns,
    *console_patterns("supplier"),
]
