"""The library in the operator's back office: names, texts and terms can be edited; what follows from them
follows.

Every save brings promises, search and the engines' copies up to date in the same transaction and is audited.
Refuses deletion: goods are hidden or withdrawn, because orders speak of them. Snapshots and counts are
read-only.
"""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin
from django.db import transaction
from django.db.models import Model, URLField
from django.http import HttpRequest
from django.utils import timezone
from unfold.admin import ModelAdmin

from kamao.business.catalog.loading import refresh_skus
from kamao.business.catalog.models import (
    AfterSalesTemplate,
    Brand,
    Category,
    Product,
    Scene,
    SearchMiss,
    Sku,
    SkuPromise,
    TopupForm,
)
from kamao.business.catalog.topup import parse_form
from kamao.business.identity import audit
from kamao.business.identity.models import Membership, OrganisationKind, OrganisationStatus, User
from kamao.business.identity.permissions import Permission, permissions_of


def may_manage(user: Any) -> bool:
    """Tell whether a person may edit the library: an operator's member with ``catalogue.manage``."""
    if not isinstance(user, User) or not user.is_active or not user.is_staff:
        return False
    roles = Membership.objects.filter(
        user=user,
        organisation__kind=OrganisationKind.OPERATOR,
        organisation__status=OrganisationStatus.ACTIVE,
    ).values_list("role", flat=True)
    return any(
        Permission.CATALOGUE_MANAGE in permissions_of(role, OrganisationKind.OPERATOR) for role in roles
    )


class LibraryAdmin(ModelAdmin):  # type: ignore[misc]  # unfold ships no types
    """A table of the library."""

    list_per_page = 50
    show_full_result_count = False

    def has_module_permission(self, request: HttpRequest) -> bool:
        return admin.site.has_permission(request)

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return admin.site.has_permission(request)

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return admin.site.has_permission(request) and may_manage(request.user)

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return admin.site.has_permission(request) and may_manage(request.user)

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if isinstance(db_field, URLField):
            kwargs["assume_scheme"] = "https"
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Save, bring what follows up to date, leave a trace."""
        now = timezone.now()
        user = request.user
        with transaction.atomic():
            super().save_model(request, obj, form, change)
            self.follow(obj, now)
            audit.record(
                f"library.{'edit' if change else 'add'}",
                actor=audit.Actor(
                    user=user.id if isinstance(user, User) else None, address=request.META.get("REMOTE_ADDR")
                ),
                at=now,
                object_kind=self.opts.model_name or "",
                object_id=str(obj.pk),
                details={"fields": sorted(form.changed_data)},
            )

    def follow(self, obj: Any, at: Any) -> None:
        """Update what is derived from the row; most rows have nothing."""


class ReadOnlyAdmin(LibraryAdmin):
    """A table that is only looked at."""

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


@admin.register(Category)
class CategoryAdmin(LibraryAdmin):
    list_display = ("name_zh", "name_en", "slug", "parent", "position")
    search_fields = ("name_zh", "name_en", "slug")
    readonly_fields = ("parent",)
    ordering = ("position", "slug")

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


@admin.register(Brand)
class BrandAdmin(LibraryAdmin):
    list_display = ("name_zh", "name_en", "slug", "authorised_only")
    search_fields = ("name_zh", "name_en", "slug")
    list_filter = ("authorised_only",)

    def follow(self, obj: Any, at: Any) -> None:
        refresh_skus(list(Sku.objects.filter(brand=obj).values_list("id", flat=True)), at=at)


@admin.register(Scene)
class SceneAdmin(LibraryAdmin):
    list_display = ("name_zh", "name_en", "slug", "position")


class SkuInline(admin.TabularInline):  # type: ignore[type-arg]
    """The SKUs of a product, to be opened one by one."""

    model = Sku
    fields: ClassVar[Any] = ("code", "variant_zh", "variant_en", "kind", "status")
    readonly_fields: ClassVar[Any] = ("code", "variant_zh", "variant_en", "kind", "status")
    extra = 0
    can_delete = False
    show_change_link = True

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Product)
class ProductAdmin(LibraryAdmin):
    list_display = ("name_zh", "name_en", "category", "brand", "status")
    list_select_related = ("category", "brand")
    list_filter = ("category", "status")
    search_fields = ("name_zh", "name_en", "slug")
    readonly_fields = ("slug", "category", "brand", "created_at")
    exclude = ("scenes",)
    inlines = (SkuInline,)

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def follow(self, obj: Any, at: Any) -> None:
        refresh_skus(list(Sku.objects.filter(product=obj).values_list("id", flat=True)), at=at)


@admin.register(Sku)
class SkuAdmin(LibraryAdmin):
    list_display = ("code", "product", "variant_zh", "kind", "official_price_e4", "status")
    list_select_related = ("product",)
    list_filter = ("kind", "instrument", "status", "category")
    search_fields = ("code", "product__name_zh")
    readonly_fields = ("code", "product", "created_at", "updated_at")

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def follow(self, obj: Any, at: Any) -> None:
        Sku.objects.filter(pk=obj.pk).update(updated_at=at)
        refresh_skus([obj.pk], at=at)


@admin.register(TopupForm)
class TopupFormAdmin(LibraryAdmin):
    list_display = ("slug", "name_zh", "name_en")
    readonly_fields = ("slug",)

    def follow(self, obj: Any, at: Any) -> None:
        """A form that cannot be read would stop every top-up of its SKUs: refuse to store it."""
        parse_form({"slug": obj.slug, "name_zh": obj.name_zh, "name_en": obj.name_en, "fields": obj.fields})

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


@admin.register(AfterSalesTemplate)
class AfterSalesTemplateAdmin(ReadOnlyAdmin):
    list_display = ("slug", "name_zh", "name_en")


@admin.register(SkuPromise)
class SkuPromiseAdmin(ReadOnlyAdmin):
    list_display = ("sku", "number", "created_at")
    list_select_related = ("sku",)
    search_fields = ("sku__code",)
    ordering = ("-id",)


@admin.register(SearchMiss)
class SearchMissAdmin(ReadOnlyAdmin):
    list_display = ("day", "query", "times")
    search_fields = ("query",)
    ordering = ("-day", "-times")
