"""The Django app `portal_merchant`."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class MerchantPortalConfig(AppConfig):
    name = "kamao.portals.merchant"
    label = "portal_merchant"
    verbose_name = _("Merchant console")
