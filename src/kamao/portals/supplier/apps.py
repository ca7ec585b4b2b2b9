"""The Django app `portal_supplier`."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class SupplierPortalConfig(AppConfig):
    name = "kamao.portals.supplier"
    label = "portal_supplier"
    verbose_name = _("Supplier console")
