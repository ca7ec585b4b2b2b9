"""Announced top-ups in the operator's back office: look at the bank, then book or decline.

The site asks for staff with a second factor. Refuses to add, edit or delete rows by hand.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin

from kamao.business.identity.audit import Actor
from kamao.business.identity.models import Membership, OrganisationKind
from kamao.business.identity.permissions import Permission, permissions_of
from kamao.business.wallets.models import Topup
from kamao.business.wallets.operations import book_topup, decline_topup
from kamao.kernel.errors import Refusal

Decide = Callable[..., Topup]
NOBODY = UUID(int=0)


@admin.register(Topup)
class TopupAdmin(ModelAdmin):  # type: ignore[misc]  # unfold ships no types
    list_display = ("bank_reference", "organisation", "amount_minor", "currency", "state", "created_at")
    list_filter = ("state", "currency")
    search_fields = ("bank_reference", "organisation__display_name")
    ordering = ("-id",)
    list_per_page = 50
    show_full_result_count = False
    actions = ("book", "decline")

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return admin.site.has_permission(request)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return admin.site.has_permission(request)

    def has_decide_permission(self, request: HttpRequest) -> bool:
        """Who may move money: the operator's people with the wallet's permission."""
        roles = Membership.objects.filter(
            user_id=request.user.pk or NOBODY, organisation__kind=OrganisationKind.OPERATOR
        ).values_list("role", flat=True)
        return any(
            Permission.WALLET_MANAGE in permissions_of(role, OrganisationKind.OPERATOR) for role in roles
        )

    @admin.action(description=_("The money has arrived: book it"), permissions=["decide"])
    def book(self, request: HttpRequest, queryset: QuerySet[Topup]) -> None:
        self._decide(request, queryset, book_topup)

    @admin.action(description=_("No such money has arrived: decline"), permissions=["decide"])
    def decline(self, request: HttpRequest, queryset: QuerySet[Topup]) -> None:
        self._decide(request, queryset, decline_topup)

    def _decide(self, request: HttpRequest, queryset: QuerySet[Topup], decide: Decide) -> None:
        at: datetime = timezone.now()
        actor = Actor(user=request.user.pk, address=request.META.get("REMOTE_ADDR"))
        for topup in queryset.order_by("id").values_list("id", flat=True):
            try:
                decide(topup, actor=actor, at=at)
            except Refusal as refusal:
                self.message_user(request, refusal.message(get_language() or "zh"), messages.ERROR)
