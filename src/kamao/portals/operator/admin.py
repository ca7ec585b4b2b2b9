"""Tables of the back office: engine rows, identity and deliveries of webhooks, all read-only.

Refuses add, change and delete everywhere: what changes money, stock or people has its own page with its own
rules.
"""

from __future__ import annotations

from typing import Any, ClassVar
from uuid import UUID

from django.contrib import admin
from django.core.paginator import Paginator
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin

from kamao.business.identity.models import ApiKey, AuditEntry, Invitation, Membership, Organisation, User
from kamao.business.identity.permissions import Permission
from kamao.business.webhooks.models import Delivery, Endpoint
from kamao.kernel.ids import decode
from kamao.portals.kit.formats import money_text, rate_parts
from kamao.portals.kit.states import look_of
from kamao.portals.operator.models import (
    Account,
    Code,
    EngineSku,
    Event,
    Lot,
    Offer,
    Order,
    Posting,
    Reveal,
)
from kamao.portals.operator.site import operator_permissions

_COUNTED_MAX = 10_000
_PREFIXES = ("ord", "lot", "itm", "ofr", "org", "key", "ful", "pur")


class BoundedPaginator(Paginator):
    """Counts at most 10 000 rows: nobody pages further, and a full count of millions of orders takes
    seconds.
    """

    @cached_property
    def count(self) -> int:
        return self.object_list[:_COUNTED_MAX].count()


class ReadOnlyAdmin(ModelAdmin):
    """A table that can be searched and read. Ids may be searched in their public form."""

    paginator = BoundedPaginator
    show_full_result_count = False
    list_per_page = 50
    actions = None
    ordering = ("-id",)
    id_fields: ClassVar[tuple[str, ...]] = ("id",)
    needs: ClassVar[Permission] = Permission.ORGANISATIONS_READ

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return self.needs in operator_permissions(request.user)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """Find by id (public form or UUID) where the term is one, else by the table's text columns."""
        key = _as_id(search_term.strip())
        if key is None:
            found, distinct = super().get_search_results(request, queryset, search_term)
            return (found, distinct) if self.search_fields or not search_term else (queryset.none(), False)
        found = queryset.none()
        for field in self.id_fields:
            found |= queryset.filter(**{field: key})
        return found, False


def _as_id(text: str) -> UUID | None:
    for prefix in _PREFIXES:
        key = decode(prefix, text)
        if key is not None:
            return key
    try:
        return UUID(text)
    except ValueError:
        return None


@admin.register(Order)
class OrderAdmin(ReadOnlyAdmin):
    list_display = ("public_number", "reference", "state_word", "quantity", "amount", "intake", "created_at")
    list_filter = ("state", "intake")
    search_fields = ("=reference", "=channel_order_no")
    id_fields = ("id", "merchant", "purchase")
    search_help_text = _("Number, reference or channel order")

    @admin.display(description=_("number"))
    def public_number(self, row: Order) -> str:
        return row.number

    @admin.display(description=_("state"))
    def state_word(self, row: Order) -> str:
        return str(look_of(row.state).word)

    @admin.display(description=_("amount"))
    def amount(self, row: Order) -> str:
        return money_text(row.amount_minor, row.currency)


@admin.register(Account)
class AccountAdmin(ReadOnlyAdmin):
    list_display = ("name", "kind", "balance_text", "held_text", "floor_text", "entry_no")
    list_filter = ("kind", "currency")
    search_fields = ("name",)
    id_fields = ("id", "owner")
    ordering = ("kind", "name")
    needs = Permission.BOOKS_READ

    @admin.display(description=_("balance"))
    def balance_text(self, row: Account) -> str:
        return money_text(row.balance, row.currency)

    @admin.display(description=_("held"))
    def held_text(self, row: Account) -> str:
        return money_text(row.pending, row.currency)

    @admin.display(description=_("floor"))
    def floor_text(self, row: Account) -> str:
        return money_text(row.floor_minor, row.currency) if row.floored else "–"


@admin.register(Posting)
class PostingAdmin(ReadOnlyAdmin):
    list_display = ("id", "kind", "debit", "credit", "amount", "created_at")
    search_fields = ("=kind",)
    id_fields = ("id", "order_id", "subject", "debit", "credit")
    needs = Permission.BOOKS_READ

    @admin.display(description=_("amount"))
    def amount(self, row: Posting) -> str:
        return money_text(row.amount_minor, row.currency)


@admin.register(Event)
class EventAdmin(ReadOnlyAdmin):
    list_display = ("seq", "type", "before", "after", "actor", "reason", "created_at")
    search_fields = ("=type", "=actor")
    id_fields = ("id", "order_id", "organisation")


@admin.register(Lot)
class LotAdmin(ReadOnlyAdmin):
    list_display = ("__str__", "supplier", "offer", "state", "source", "created_at")
    list_filter = ("state",)
    search_fields = ("source",)
    id_fields = ("id", "offer", "supplier", "sku")


@admin.register(Code)
class CodeAdmin(ReadOnlyAdmin):
    list_display = ("__str__", "state", "offer", "lot", "holder")
    list_filter = ("state",)
    id_fields = ("id", "lot", "offer", "holder")


@admin.register(Reveal)
class RevealAdmin(ReadOnlyAdmin):
    list_display = ("created_at", "actor", "reason", "code", "order_id")
    search_fields = ("=actor",)
    id_fields = ("id", "code", "order_id")


@admin.register(EngineSku)
class EngineSkuAdmin(ReadOnlyAdmin):
    list_display = ("code", "kind", "official_price", "status", "updated_at")
    list_filter = ("kind", "status")
    search_fields = ("code",)

    @admin.display(description=_("official price"))
    def official_price(self, row: EngineSku) -> str:
        if row.official_price_e4 is None:
            return "–"
        return rate_parts(row.official_price_e4, row.currency).text()


@admin.register(Offer)
class OfferAdmin(ReadOnlyAdmin):
    list_display = ("__str__", "supplier", "sku", "fulfilment", "sale_model", "status", "updated_at")
    list_filter = ("fulfilment", "status")
    list_select_related = ("sku",)
    search_fields = ("=sku__code",)
    id_fields = ("id", "supplier")


@admin.register(Organisation)
class OrganisationAdmin(ReadOnlyAdmin):
    list_display = ("display_name", "kind", "status", "level", "currency", "created_at")
    list_filter = ("kind", "status")
    search_fields = ("display_name", "legal_name")


@admin.register(User)
class UserAdmin(ReadOnlyAdmin):
    list_display = ("email", "name", "is_active", "is_staff", "last_login")
    search_fields = ("email", "name")
    exclude = ("password", "groups", "user_permissions")


@admin.register(Membership)
class MembershipAdmin(ReadOnlyAdmin):
    list_display = ("organisation", "user", "role", "created_at")
    list_filter = ("role",)
    list_select_related = ("organisation", "user")
    search_fields = ("user__email", "organisation__display_name")
    id_fields = ("id", "organisation_id", "user_id")


@admin.register(Invitation)
class InvitationAdmin(ReadOnlyAdmin):
    list_display = ("email", "organisation", "role", "expires_at", "accepted_at", "revoked_at")
    list_select_related = ("organisation",)
    search_fields = ("email",)
    exclude = ("token_digest",)


@admin.register(ApiKey)
class ApiKeyAdmin(ReadOnlyAdmin):
    list_display = ("prefix", "organisation", "label", "cell", "expires_at", "revoked_at", "last_used_at")
    list_select_related = ("organisation",)
    search_fields = ("prefix", "label", "organisation__display_name")
    id_fields = ("id", "organisation_id")
    exclude = ("digest",)


@admin.register(AuditEntry)
class AuditEntryAdmin(ReadOnlyAdmin):
    list_display = ("at", "act", "user_id", "organisation_id", "object_kind", "object_id", "address")
    search_fields = ("=act", "=object_id")
    id_fields = ("id", "user_id", "organisation_id")
    needs = Permission.AUDIT_READ


@admin.register(Endpoint)
class EndpointAdmin(ReadOnlyAdmin):
    list_display = ("url", "organisation_id", "cell", "state", "failing_since", "created_at")
    list_filter = ("state",)
    search_fields = ("url",)
    id_fields = ("id", "organisation_id")
    exclude = ("secret_sealed", "previous_secret_sealed")


@admin.register(Delivery)
class DeliveryAdmin(ReadOnlyAdmin):
    list_display = (
        "id",
        "state",
        "attempts_made",
        "last_status",
        "last_outcome",
        "next_attempt_at",
        "created_at",
    )
    list_filter = ("state",)
    search_fields = ("=last_outcome",)
    id_fields = ("id", "endpoint_id", "message_id")
