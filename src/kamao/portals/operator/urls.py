"""Addresses of the operator's back office (the read-only tables are at admin/)."""

from django.urls import path

from kamao.portals.accounts.console_urls import console_patterns
from kamao.portals.operator import acts, home, matches, orders, organisations

app_name = "operator"

urlpatterns = [
    path("", home.home, name="home"),
    path("orders/", orders.orders, name="orders"),
    path("orders/<slug:order_id>/", orders.order, name="order"),
    path("orders/<slug:order_id>/refund/", orders.refund, name="order_refund"),
    path("organisations/", organisations.organisations, name="organisations"),
    path("organisations/register/", organisations.register, name="register"),
    path("organisations/<uuid:organisation_id>/", organisations.organisation, name="organisation"),
    path(
        "organisations/<uuid:organisation_id>/status/", organisations.set_status, name="organisation_status"
    ),
    path("organisations/<uuid:organisation_id>/level/", organisations.set_level, name="organisation_level"),
    path(
        "organisations/<uuid:organisation_id>/keys/<uuid:key_id>/",
        organisations.set_key_limit,
        name="key_limit",
    ),
    path("organisations/<uuid:organisation_id>/look/", organisations.look, name="organisation_look"),
    path("matches/", matches.matches, name="matches"),
    path("matches/<int:row_id>/", matches.decide, name="match_decide"),
    path("topup/", acts.topup, name="topup"),
    path("price/", acts.price, name="price"),
    *console_patterns("operator"),
]
