"""The Django app `portal_accounts`."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AccountsConfig(AppConfig):
    name = "kamao.portals.accounts"
    label = "portal_accounts"
    verbose_name = _("Accounts")
