"""The Django app `catalog`."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CatalogConfig(AppConfig):
    name = "kamao.business.catalog"
    label = "catalog"
    verbose_name = _("Standard library")
    default_auto_field = "django.db.models.BigAutoField"
