"""Payments in the operator's back office: read-only tables; the site itself asks for staff with a second
factor.

Refuses add, change and delete: payment rows follow providers' answers, not people.
"""

from __future__ import annotations

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest
from unfold.admin import ModelAdmin

from kamao.business.payments.models import (
    Bill,
    BillLine,
    Break,
    Notice,
    PaymentIntent,
    ProviderAccount,
    ProviderCall,
    RefundAttempt,
    RejectedNotice,
)


class ReadOnlyAdmin(ModelAdmin):  # type: ignore[misc]  # unfold ships no types
    """A table that staff may look at."""

    show_full_result_count = False
    list_per_page = 50
    actions = None
    ordering = ("-id",)

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return admin.site.has_permission(request)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return admin.site.has_permission(request)


@admin.register(ProviderAccount)
class ProviderAccountAdmin(ReadOnlyAdmin):
    list_display = ("name", "key", "kind", "currency", "custodian", "is_test", "is_enabled")
    exclude = ("credentials_sealed",)


@admin.register(PaymentIntent)
class PaymentIntentAdmin(ReadOnlyAdmin):
    list_display = ("number", "state", "amount_minor", "currency", "account", "expires_at", "last_answer")
    list_filter = ("state", "account")
    list_select_related = ("account",)
    search_fields = ("=number", "=provider_order_no", "=purchase_id")


@admin.register(Notice)
class NoticeAdmin(ReadOnlyAdmin):
    list_display = ("event_id", "number", "outcome", "reason", "copies", "received_at")
    list_filter = ("outcome", "account")
    search_fields = ("=number", "=event_id")


@admin.register(RejectedNotice)
class RejectedNoticeAdmin(ReadOnlyAdmin):
    list_display = ("reason", "account", "source", "copies", "first_at", "last_at")
    list_filter = ("reason", "account")
    list_select_related = ("account",)
    exclude = ("digest",)


@admin.register(RefundAttempt)
class RefundAttemptAdmin(ReadOnlyAdmin):
    list_display = (
        "number",
        "state",
        "amount_minor",
        "currency",
        "account",
        "sends",
        "last_answer",
        "sent_at",
    )
    list_filter = ("state", "account")
    list_select_related = ("account",)
    search_fields = ("=number", "=provider_payment_no", "=refund_id")


@admin.register(ProviderCall)
class ProviderCallAdmin(ReadOnlyAdmin):
    list_display = ("at", "act", "number", "answer", "detail", "account")
    list_filter = ("act", "answer")
    list_select_related = ("account",)
    search_fields = ("=number",)


@admin.register(Bill)
class BillAdmin(ReadOnlyAdmin):
    list_display = ("day", "account", "is_final", "lines", "payments_minor", "refunds_minor", "ledger_minor")
    list_filter = ("account",)
    list_select_related = ("account",)
    ordering = ("-day",)


@admin.register(BillLine)
class BillLineAdmin(ReadOnlyAdmin):
    list_display = ("day", "kind", "number", "order_number", "amount_minor", "currency", "at")
    list_filter = ("kind", "account")
    search_fields = ("=number", "=order_number")


@admin.register(Break)
class BreakAdmin(ReadOnlyAdmin):
    list_display = ("kind", "number", "day", "ours_minor", "theirs_minor", "opened_at", "closed_at")
    list_filter = ("kind", "account", ("closed_at", admin.EmptyFieldListFilter))
    search_fields = ("=number",)
