"""Django's registration of the hosted shop."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class MarketConfig(AppConfig):
    """The hosted shop's pages."""

    name = "kamao.portals.market"
    label = "portal_market"
    verbose_name = _("Hosted shop")
