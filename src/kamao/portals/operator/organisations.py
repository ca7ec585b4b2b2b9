"""Organisations: list, register, one organisation with its members and keys, level, suspension, looking at
its console.

Refuses every change without `organisations.manage` and a fresh second factor; all of it is audited by
`identity`.
"""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

from django import forms
from django.core.paginator import Paginator
from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from kamao.business.identity import api_keys, audit, operations
from kamao.business.identity.models import (
    ApiKey,
    Impersonation,
    Membership,
    Organisation,
    OrganisationKind,
    OrganisationStatus,
)
from kamao.business.identity.permissions import Permission
from kamao.engine.ledger.accounts import owned, payable, wallet
from kamao.engine.ledger.queries import balances
from kamao.kernel.errors import Refusal
from kamao.kernel.money import CURRENCY_EXPONENTS
from kamao.portals.accounts.acting import IMPERSONATION_KEY, IMPERSONATION_LIFE, actor_of, message_of
from kamao.portals.accounts.audit_pages import named
from kamao.portals.accounts.pages import (
    ConsoleRequest,
    console_page,
    page,
    say,
    say_refusal,
    second_factor_required,
)
from kamao.portals.accounts.reading import reading
from kamao.portals.operator.home import KIND

PAGE_SIZE: Final = 50
_LATEST_ACTS: Final = 15


_KINDS: Final = [
    (OrganisationKind.MERCHANT, gettext_lazy("merchant")),
    (OrganisationKind.SUPPLIER, gettext_lazy("supplier")),
]


class RegisterForm(forms.Form):
    """A new organisation and its first administrator."""

    kind = forms.ChoiceField(
        label=gettext_lazy("Kind"),
        choices=_KINDS,
    )
    legal_name = forms.CharField(label=gettext_lazy("Legal name"), max_length=200)
    display_name = forms.CharField(label=gettext_lazy("Display name"), max_length=80)
    currency = forms.ChoiceField(
        label=gettext_lazy("Currency"), choices=[(code, code) for code in CURRENCY_EXPONENTS], initial="CNY"
    )
    level = forms.IntegerField(
        label=gettext_lazy("Level"),
        min_value=0,
        max_value=99,
        initial=0,
        help_text=gettext_lazy("For merchants."),
    )
    email = forms.EmailField(label=gettext_lazy("E-mail of the first administrator"), max_length=254)


@console_page(KIND, permission=Permission.ORGANISATIONS_READ)
def organisations(request: ConsoleRequest) -> HttpResponse:
    """List organisations; search by name or id."""
    rows = Organisation.objects.exclude(kind=OrganisationKind.OPERATOR).order_by("-created_at")
    query = request.GET.get("q", "").strip()
    if query:
        rows = rows.filter(display_name__icontains=query) | rows.filter(legal_name__icontains=query)
    if request.GET.get("kind") in OrganisationKind.values:
        rows = rows.filter(kind=request.GET["kind"])
    found = Paginator(rows, PAGE_SIZE).get_page(request.GET.get("page"))
    context = {"rows": found, "query": query, "kinds": _KINDS}
    return page(request, "operator/organisations.html", context)


@console_page(KIND, permission=Permission.ORGANISATIONS_MANAGE)
@second_factor_required
def register(request: ConsoleRequest) -> HttpResponse:
    """Register an organisation; the page that answers shows the invitation of its administrator, once."""
    form = RegisterForm(request.POST if request.method == "POST" else None)
    link = ""
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        actor, now = actor_of(request), timezone.now()
        try:
            organisation = operations.register_organisation(
                kind=data["kind"],
                legal_name=data["legal_name"],
                display_name=data["display_name"],
                currency=data["currency"],
                level=data["level"],
                actor=actor,
                at=now,
            )
            issued = operations.invite(organisation, email=data["email"], role="admin", actor=actor, at=now)
        except Refusal as refusal:
            form.add_error(None, message_of(refusal))
        else:
            link = request.build_absolute_uri(reverse("accounts:invitation")) + "#" + issued.token
            form = RegisterForm()
    status = 422 if form.errors else 200
    response = page(request, "operator/register.html", {"form": form, "link": link}, status=status)
    response.headers["Cache-Control"] = "no-store"
    return response


def _organisation(organisation_id: UUID) -> Organisation:
    row = Organisation.objects.filter(pk=organisation_id).first()
    if row is None:
        raise Refusal("not_found")
    return row


@console_page(KIND, permission=Permission.ORGANISATIONS_READ)
def organisation(request: ConsoleRequest, organisation_id: UUID) -> HttpResponse:
    """Show one organisation: money, members, keys, latest acts, and what can be done."""
    row = _organisation(organisation_id)
    money: list[dict[str, Any]] = []
    if request.acting.allows(Permission.BOOKS_READ):
        accounts = {
            _("Wallet"): wallet(row.id, row.currency),
            _("Payable"): payable(row.id, row.currency),
            _("Deposit"): owned("deposit", row.id, row.currency),
        }
        with reading(request) as connection:
            held = balances(connection, list(accounts.values()))
        money = [
            {"word": word, "balance": held[account.id]}
            for word, account in accounts.items()
            if account.id in held
        ]
    acts = []
    if request.acting.allows(Permission.AUDIT_READ):
        entries = audit.AuditEntry.objects.filter(organisation_id=row.id).order_by("-id")
        acts = named(entries[:_LATEST_ACTS])
    context = {
        "row": row,
        "money": money,
        "members": Membership.objects.filter(organisation=row).select_related("user").order_by("created_at"),
        "keys": ApiKey.objects.filter(organisation=row).order_by("-created_at")[:PAGE_SIZE],
        "acts": acts,
        "can_look": request.acting.allows(Permission.IMPERSONATE) and row.kind != OrganisationKind.OPERATOR,
    }
    return page(request, "operator/organisation.html", context)


@require_POST
@console_page(KIND, permission=Permission.ORGANISATIONS_MANAGE)
@second_factor_required
def set_status(request: ConsoleRequest, organisation_id: UUID) -> HttpResponse:
    """Suspend or resume."""
    row = _organisation(organisation_id)
    status = request.POST.get("status", "")
    if status not in {OrganisationStatus.ACTIVE, OrganisationStatus.SUSPENDED} or row.kind == KIND:
        raise Refusal("invalid")
    reason = request.POST.get("reason", "")
    operations.set_organisation_status(
        row, status=status, reason=reason, actor=actor_of(request), at=timezone.now()
    )
    say(request, _("Done. Its API keys follow within five seconds."))
    return HttpResponseRedirect(reverse("operator:organisation", args=[row.id]))


@require_POST
@console_page(KIND, permission=Permission.ORGANISATIONS_MANAGE)
@second_factor_required
def set_key_limit(request: ConsoleRequest, organisation_id: UUID, key_id: UUID) -> HttpResponse:
    """Change or lift a key's rate limit; an empty field is no limit."""
    row = _organisation(organisation_id)
    key = api_keys.api_key_of(row, key_id=key_id)
    text = request.POST.get("per_minute", "").strip()
    limit = None if not text else int(text) if text.isascii() and text.isdigit() and len(text) < 12 else 0
    try:
        api_keys.set_rate_limit(key, per_minute=limit, actor=actor_of(request), at=timezone.now())
        say(request, _("The limit holds within five seconds."))
    except Refusal as refusal:
        say_refusal(request, refusal)
    return HttpResponseRedirect(reverse("operator:organisation", args=[row.id]))


@require_POST
@console_page(KIND, permission=Permission.PRICES_MANAGE)
@second_factor_required
def set_level(request: ConsoleRequest, organisation_id: UUID) -> HttpResponse:
    """Move a merchant to another price level."""
    row = _organisation(organisation_id)
    text = request.POST.get("level", "")
    level = int(text) if text.isascii() and text.isdigit() and len(text) < 4 else -1
    try:
        operations.set_merchant_level(row, level=level, actor=actor_of(request), at=timezone.now())
        say(request, _("The new level holds for the next order."))
    except Refusal as refusal:
        say_refusal(request, refusal)
    return HttpResponseRedirect(reverse("operator:organisation", args=[row.id]))


@require_POST
@console_page(KIND, permission=Permission.IMPERSONATE)
@second_factor_required
def look(request: ConsoleRequest, organisation_id: UUID) -> HttpResponse:
    """Look at an organisation's console: read-only, for fifteen minutes, noted in its audit trail."""
    row = _organisation(organisation_id)
    reason = request.POST.get("reason", "").strip()[:200]
    if not reason or row.kind == OrganisationKind.OPERATOR:
        say_refusal(request, Refusal("invalid", zh="请填写查看原因。", en="Give the reason for looking."))
        return HttpResponseRedirect(reverse("operator:organisation", args=[row.id]))
    now = timezone.now()
    looking = Impersonation.objects.create(
        user=request.acting.user,
        organisation=row,
        reason=reason,
        started_at=now,
        ends_at=now + IMPERSONATION_LIFE,
    )
    audit.record(
        "impersonation.start",
        actor=actor_of(request),
        at=now,
        organisation=row.id,
        object_kind="impersonation",
        object_id=str(looking.id),
        details={"reason": reason},
    )
    request.session[IMPERSONATION_KEY] = str(looking.id)
    return HttpResponseRedirect(f"/{row.kind}/")
