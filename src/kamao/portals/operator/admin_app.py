"""Django's admin with our own site in its place."""

from django.contrib.admin.apps import AdminConfig


class OperatorAdminConfig(AdminConfig):
    """`django.contrib.admin` whose `admin.site` lets in staff with a second factor only."""

    default_site = "kamao.portals.operator.site.OperatorSite"
