"""Django's registration of the kit."""

from django.apps import AppConfig


class KitConfig(AppConfig):
    """The shared look of all portals."""

    name = "kamao.portals.kit"
    label = "portal_kit"
    verbose_name = "Kit"
