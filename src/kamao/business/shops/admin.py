"""Shops and their rules in the operator's back office, to be looked at; merchants change them in their
console.
"""

from __future__ import annotations

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest
from unfold.admin import ModelAdmin

from kamao.business.shops.models import Bundle, ListingChange, ListingOverride, ListingRule, Shop


class LookAdmin(ModelAdmin):  # type: ignore[misc]  # unfold ships no types
    """A table that is only looked at."""

    list_per_page = 50
    show_full_result_count = False
    ordering = ("-id",)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return admin.site.has_permission(request)

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return admin.site.has_permission(request)

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


@admin.register(Shop)
class ShopAdmin(LookAdmin):
    list_display = ("name", "slug", "organisation", "parent", "cell", "open")
    list_select_related = ("organisation", "parent")
    list_filter = ("cell", "open")
    search_fields = ("name", "slug", "organisation__display_name")


@admin.register(ListingRule)
class ListingRuleAdmin(LookAdmin):
    list_display = ("shop", "scope", "lists", "markup_per_mille", "rounding", "since_no", "until_no")
    list_select_related = ("shop",)
    list_filter = ("scope", "lists")


@admin.register(ListingChange)
class ListingChangeAdmin(LookAdmin):
    list_display = ("shop", "number", "act", "at")
    list_select_related = ("shop",)


@admin.register(ListingOverride)
class ListingOverrideAdmin(LookAdmin):
    list_display = ("shop", "sku", "price_e4", "hidden", "position")
    list_select_related = ("shop", "sku")


@admin.register(Bundle)
class BundleAdmin(LookAdmin):
    list_display = ("shop", "slug", "name_zh", "open")
    list_select_related = ("shop",)
