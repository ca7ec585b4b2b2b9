"""The Django app `portal_operator`."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class OperatorPortalConfig(AppConfig):
    name = "kamao.portals.operator"
    label = "portal_operator"
    verbose_name = _("Back office")
