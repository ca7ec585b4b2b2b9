"""Compliance in the operator's back office: block list and rule settings can be added to, decisions can be
read.

Owns the two forms. Refuses change and delete: an entry is lifted, a setting is followed by another one.
Every act is audited.
"""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin

from kamao.business.compliance.blocks import Block, add_block, lift_block
from kamao.business.compliance.keys import SUBJECT_KINDS
from kamao.business.compliance.models import BlockEntry, DecisionRecord, RuleSetting
from kamao.business.compliance.operations import set_rule
from kamao.business.compliance.rules import shipped_rules
from kamao.business.identity.audit import Actor, record
from kamao.business.identity.models import User
from kamao.business.keyring import node_keyring


def _actor(request: HttpRequest) -> tuple[Actor, str]:
    """Who is acting, for the audit trail and as the author of a row."""
    user = request.user
    if not isinstance(user, User):
        raise TypeError("the back office has signed-in users only")
    return Actor(user=user.id, address=request.META.get("REMOTE_ADDR")), user.email[:120]


class ComplianceAdmin(ModelAdmin):  # type: ignore[misc]  # unfold ships no types
    """A table of the back office: read by staff, added to where a form says so."""

    show_full_result_count = False
    list_per_page = 50
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


class BlockForm(forms.ModelForm):  # type: ignore[type-arg]  # not subscriptable when run
    """A new entry: what is blocked is typed once, kept as a keyed hash and shown masked from then on."""

    kind = forms.ChoiceField(label=_("kind"), choices=lambda: [(kind, kind) for kind in SUBJECT_KINDS])
    text = forms.CharField(label=_("contact, address, device or target"), max_length=254)

    class Meta:
        model = BlockEntry
        fields = ("kind", "reason", "expires_at")


@admin.register(BlockEntry)
class BlockEntryAdmin(ComplianceAdmin):
    list_display = (
        "hint",
        "kind",
        "organisation_id",
        "reason",
        "author",
        "created_at",
        "expires_at",
        "lifted_at",
    )
    list_filter = ("kind", ("lifted_at", admin.EmptyFieldListFilter))
    exclude = ("subject_key",)
    actions = ("lift",)
    form = BlockForm

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return admin.site.has_permission(request)

    def get_fields(self, request: HttpRequest, obj: Model | None = None) -> list[str]:
        """The form's fields for a new entry, the stored ones for a look."""
        if obj is None:
            return ["kind", "text", "reason", "expires_at"]
        return [
            "hint",
            "kind",
            "organisation_id",
            "reason",
            "author",
            "created_at",
            "expires_at",
            "lifted_at",
        ]

    def save_model(
        self, request: HttpRequest, obj: BlockEntry, form: forms.ModelForm[Any], change: bool
    ) -> None:
        """Store through the operation; the row in hand takes the stored one's id."""
        actor, author = _actor(request)
        data = form.cleaned_data
        at = timezone.now()
        block = Block(data["kind"], data["text"], data["reason"], author, expires_at=data["expires_at"])
        stored = add_block(block, keyring=node_keyring(), at=at)
        record("compliance.block_added", actor=actor, at=at, object_kind="block", object_id=str(stored.id))
        obj.id, obj.hint = stored.id, stored.hint

    @admin.action(description=_("Lift the selected entries"))
    def lift(self, request: HttpRequest, queryset: QuerySet[BlockEntry]) -> None:
        """End entries; those that are lifted already stay as they are."""
        actor, author = _actor(request)
        at = timezone.now()
        lifted = 0
        for entry in queryset:
            if lift_block(entry.id, organisation=entry.organisation_id, author=author, at=at):
                record(
                    "compliance.block_lifted",
                    actor=actor,
                    at=at,
                    object_kind="block",
                    object_id=str(entry.id),
                )
                lifted += 1
        messages.success(
            request,
            ngettext("%(count)d entry lifted.", "%(count)d entries lifted.", lifted) % {"count": lifted},
        )


class RuleForm(forms.ModelForm):  # type: ignore[type-arg]  # not subscriptable when run
    """A setting for a rule that may be set; hard rules are not offered."""

    rule = forms.ChoiceField(
        label=_("rule"),
        choices=lambda: [
            (rule.id, f"{rule.id} {rule.params}") for rule in shipped_rules() if rule.force != "hard"
        ],
    )

    class Meta:
        model = RuleSetting
        fields = ("rule", "is_enabled", "params", "effective_from", "reason")

    def clean_params(self) -> dict[str, int]:
        """Numbers that the rule has."""
        given = self.cleaned_data["params"] or {}
        known = next(
            (rule.params for rule in shipped_rules() if rule.id == self.cleaned_data.get("rule")), {}
        )
        if not isinstance(given, dict) or any(
            name not in known or not isinstance(value, int) or value < 0 for name, value in given.items()
        ):
            raise forms.ValidationError(gettext("Give only numbers that this rule has, none negative."))
        return given


@admin.register(RuleSetting)
class RuleSettingAdmin(ComplianceAdmin):
    list_display = ("rule", "is_enabled", "params", "effective_from", "author", "reason")
    list_filter = ("rule",)
    form = RuleForm

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return admin.site.has_permission(request)

    def save_model(
        self, request: HttpRequest, obj: RuleSetting, form: forms.ModelForm[Any], change: bool
    ) -> None:
        """Store through the operation."""
        actor, author = _actor(request)
        at = timezone.now()
        stored = set_rule(
            obj.rule,
            is_enabled=obj.is_enabled,
            params=obj.params,
            author=author,
            reason=obj.reason,
            effective_from=obj.effective_from,
            at=at,
        )
        record("compliance.rule_set", actor=actor, at=at, object_kind="rule", object_id=obj.rule)
        obj.id = stored.id


@admin.register(DecisionRecord)
class DecisionAdmin(ComplianceAdmin):
    list_display = ("at", "rule", "action", "subject_kind", "merchant_id", "reference")
    list_filter = ("rule",)
    exclude = ("subject_key",)
    search_fields = ("=reference", "=merchant_id")
    actions = None
