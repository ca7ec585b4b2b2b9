"""Addresses of the merchant console."""

from django.urls import path

from kamao.portals.accounts.console_urls import console_patterns
from kamao.portals.merchant import home, order_acts, orders, wallet

app_name = "merchant"

urlpatterns = [
    path("", home.home, name="home"),
    path("orders/", orders.orders, name="orders"),
    path("orders/<slug:order_id>/", orders.order, name="order"),
    path("orders/<slug:order_id>/cancel/", order_acts.cancel, name="order_cancel"),
    path("orders/<slug:order_id>/reveal/", order_acts.reveal, name="order_reveal"),
    path("wallet/", wallet.wallet, name="wallet"),
    *console_patterns("merchant"),
]
