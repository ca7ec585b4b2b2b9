"""Addresses of the merchant console."""

from django.urls import path

from kamao.portals.accounts.console_urls import console_patterns
from kamao.portals.merchant import home, order_acts, orders, wallet, webhook_acts, webhooks
from kamao.portals.merchant.listings_urls import listing_patterns

app_name = "merchant"

urlpatterns = [
    path("", home.home, name="home"),
    path("orders/", orders.orders, name="orders"),
    path("orders/<slug:order_id>/", orders.order, name="order"),
    path("orders/<slug:order_id>/cancel/", order_acts.cancel, name="order_cancel"),
    path("orders/<slug:order_id>/reveal/", order_acts.reveal, name="order_reveal"),
    path("wallet/", wallet.wallet, name="wallet"),
    path("webhooks/", webhooks.webhooks, name="webhooks"),
    path("webhooks/order-secret/", webhook_acts.order_secret, name="webhook_order_secret"),
    path("webhooks/<slug:endpoint_id>/", webhooks.webhook, name="webhook"),
    path("webhooks/<slug:endpoint_id>/switch/", webhook_acts.switch, name="webhook_switch"),
    path("webhooks/<slug:endpoint_id>/rotate/", webhook_acts.rotate, name="webhook_rotate"),
    path("webhooks/<slug:endpoint_id>/remove/", webhook_acts.remove, name="webhook_remove"),
    path("webhooks/<slug:endpoint_id>/replay/", webhook_acts.replay, name="webhook_replay"),
    path(
        "webhooks/<slug:endpoint_id>/<slug:delivery_id>/", webhooks.webhook_delivery, name="webhook_delivery"
    ),
    path(
        "webhooks/<slug:endpoint_id>/<slug:delivery_id>/redeliver/",
        webhook_acts.redeliver,
        name="webhook_redeliver",
    ),
    *listing_patterns,
    *console_patterns("merchant"),
]
