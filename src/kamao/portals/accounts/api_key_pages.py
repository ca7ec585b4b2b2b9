"""API keys of one's organisation: made, rotated and revoked with a second factor; the text is shown once.

Refuses to show a key again and to let a browser keep the page that showed it.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from django import forms
from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from kamao.business.identity import api_keys
from kamao.business.identity.models import ApiKey, OrganisationKind
from kamao.business.identity.permissions import Permission
from kamao.engine import cells
from kamao.kernel.errors import Refusal
from kamao.portals.accounts.acting import actor_of, message_of
from kamao.portals.accounts.pages import (
    ConsoleRequest,
    console_page,
    page,
    say,
    say_refusal,
    second_factor_required,
)

_KINDS = (OrganisationKind.MERCHANT, OrganisationKind.SUPPLIER)
_OVERLAP_DEFAULT_H = 24


class KeyForm(forms.Form):
    """What a new key shall be."""

    label = forms.CharField(label=gettext_lazy("Label"), max_length=api_keys.LABEL_MAX)
    cell = forms.TypedChoiceField(
        label=gettext_lazy("Mode"),
        coerce=int,
        choices=[
            (cells.TEST.number, gettext_lazy("test: other goods, other money")),
            (cells.LIVE.number, gettext_lazy("live: real orders, real money")),
        ],
        initial=cells.TEST.number,
        widget=forms.RadioSelect,
    )
    scopes = forms.MultipleChoiceField(label=gettext_lazy("Scopes"), widget=forms.CheckboxSelectMultiple)
    ip_networks = forms.CharField(
        label=gettext_lazy("Allowed addresses"),
        required=False,
        max_length=2000,
        help_text=gettext_lazy("One IP address or network per line; empty allows every address."),
        widget=forms.Textarea(attrs={"rows": 3, "placeholder": "203.0.113.7\n198.51.100.0/24"}),
    )
    days = forms.IntegerField(
        label=gettext_lazy("Expires after days"), required=False, min_value=1, max_value=3650
    )
    rate_limit_per_minute = forms.IntegerField(
        label=gettext_lazy("Requests per minute"),
        required=False,
        min_value=1,
        max_value=api_keys.RATE_LIMIT_DEFAULT_PER_MINUTE,
        initial=api_keys.RATE_LIMIT_DEFAULT_PER_MINUTE,
        help_text=gettext_lazy("The operator can lift it."),
    )

    def __init__(self, *args: Any, kind: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        scopes = api_keys.SCOPES_BY_KIND[kind]
        field: Any = self.fields["scopes"]
        field.choices = [(scope, scope) for scope in scopes]
        field.initial = list(scopes)

    def wish(self) -> api_keys.KeyWish:
        """Return what was asked for. Raises Refusal `invalid` for a wrong address."""
        data = self.cleaned_data
        return api_keys.KeyWish(
            label=data["label"],
            cell=data["cell"],
            scopes=tuple(data["scopes"]),
            ip_networks=api_keys.parse_networks(data["ip_networks"].split()),
            expires_at=timezone.now() + timedelta(days=data["days"]) if data["days"] else None,
            rate_limit_per_minute=data["rate_limit_per_minute"] or api_keys.RATE_LIMIT_DEFAULT_PER_MINUTE,
        )


@console_page(*_KINDS, permission=Permission.API_KEYS_MANAGE)
@second_factor_required
def keys(request: ConsoleRequest) -> HttpResponse:
    """List keys; a POST makes one and shows it."""
    kind = request.acting.organisation.kind
    if request.method != "POST":
        return _render(request, form=KeyForm(kind=kind))
    form = KeyForm(request.POST, kind=kind)
    if not form.is_valid():
        return _render(request, form=form, status=422)
    try:
        created = api_keys.create_api_key(
            request.acting.organisation, wish=form.wish(), actor=actor_of(request), at=timezone.now()
        )
    except Refusal as refusal:
        form.add_error(None, message_of(refusal))
        return _render(request, form=form, status=refusal.status)
    return _render(request, form=KeyForm(kind=kind), created=created)


@require_POST
@console_page(*_KINDS, permission=Permission.API_KEYS_MANAGE)
@second_factor_required
def rotate(request: ConsoleRequest, key_id: UUID) -> HttpResponse:
    """Make a key's successor; the old one works on for the chosen hours."""
    key = api_keys.api_key_of(request.acting.organisation, key_id=key_id)
    hours = request.POST.get("overlap_h", "")
    overlap = timedelta(
        hours=int(hours) if hours.isascii() and hours.isdigit() and len(hours) < 5 else _OVERLAP_DEFAULT_H
    )
    try:
        created = api_keys.rotate_api_key(key, overlap=overlap, actor=actor_of(request), at=timezone.now())
    except Refusal as refusal:
        say_refusal(request, refusal)
        return HttpResponseRedirect(reverse("accounts:api_keys"))
    return _render(request, form=KeyForm(kind=request.acting.organisation.kind), created=created)


@require_POST
@console_page(*_KINDS, permission=Permission.API_KEYS_MANAGE)
@second_factor_required
def revoke(request: ConsoleRequest, key_id: UUID) -> HttpResponse:
    """End a key now."""
    key = api_keys.api_key_of(request.acting.organisation, key_id=key_id)
    api_keys.revoke_api_key(key, actor=actor_of(request), at=timezone.now())
    say(
        request,
        _("%(prefix)s… is revoked; every process refuses it within five seconds.") % {"prefix": key.prefix},
    )
    return HttpResponseRedirect(reverse("accounts:api_keys"))


def _render(
    request: ConsoleRequest, *, form: KeyForm, created: api_keys.CreatedKey | None = None, status: int = 200
) -> HttpResponse:
    now = timezone.now()
    rows = list(ApiKey.objects.filter(organisation=request.acting.organisation).order_by("-created_at")[:200])
    context = {
        "form": form,
        "keys": [{"row": row, "state": _state_of(row, now=now)} for row in rows],
        "created": created.row if created else None,
        "raw_key": created.raw if created else "",
        "page_help": _(
            "A key lets your program act for this organisation. It is shown once; rotate it "
            "regularly and revoke it when in doubt."
        ),
    }
    response = page(request, "accounts/api_keys.html", context, status=status)
    response.headers["Cache-Control"] = "no-store"
    return response


def _state_of(row: ApiKey, *, now: Any) -> str:
    if row.revoked_at is not None:
        return "revoked"
    if row.expires_at is not None and row.expires_at <= now:
        return "expired"
    return "active"
