"""The Django app `shops`."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ShopsConfig(AppConfig):
    name = "kamao.business.shops"
    label = "shops"
    verbose_name = _("Shops")
    default_auto_field = "django.db.models.BigAutoField"
