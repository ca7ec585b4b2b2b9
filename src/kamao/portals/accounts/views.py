"""Pages around signing in: proving a second factor, answering an invitation, choosing an organisation.

Refuses to accept an invitation by GET and to send anybody to an address outside this node.
"""

from __future__ import annotations

from uuid import UUID

from allauth.mfa.models import Authenticator
from django import forms
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme, urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from kamao.business.identity import audit, operations, second_factor
from kamao.engine import cells
from kamao.kernel.errors import Refusal
from kamao.portals.accounts.acting import (
    CELL_KEY,
    IMPERSONATION_KEY,
    actor_of,
    choose_organisation,
    current_impersonation,
    message_of,
    signed_in,
)
from kamao.portals.accounts.adapters import home_of
from kamao.portals.accounts.invited import forget_invitation, pending_invitation, remember_invitation
from kamao.portals.accounts.pages import say


def safe_next(request: HttpRequest, *, fallback: str = "/") -> str:
    """Return where `next` points if that is on this node, else the fallback."""
    target = request.POST.get("next") or request.GET.get("next") or ""
    same = url_has_allowed_host_and_scheme(
        target, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return target if same else fallback


@never_cache
@login_required
def step_up(request: HttpRequest) -> HttpResponse:
    """Prove a second factor now, or learn how to set one up, then go on where one came from."""
    user = signed_in(request.user)
    target = safe_next(request, fallback=home_of(user))
    if second_factor.is_recent(request, at=timezone.now()):
        return HttpResponseRedirect(target)
    if not second_factor.has_second_factor(user):
        return render(request, "accounts/second_factor_missing.html", {"next": target}, status=403)
    has_totp = Authenticator.objects.filter(user=user, type=Authenticator.Type.TOTP).exists()
    where = reverse("mfa_reauthenticate" if has_totp else "mfa_reauthenticate_webauthn")
    return HttpResponseRedirect(f"{where}?{urlencode({'next': target})}")


class InvitationForm(forms.Form):
    """The code of an invitation, pasted or taken from the link's fragment."""

    token = forms.CharField(
        label=gettext_lazy("Invitation code"),
        max_length=100,
        widget=forms.TextInput(attrs={"autocomplete": "off", "data-from-fragment": ""}),
    )


@never_cache
def invitation(request: HttpRequest) -> HttpResponse:
    """Show an invitation and accept it by POST; a stranger signs in or up in between."""
    if request.method == "POST" and "accept" in request.POST:
        return _accept(request)
    form = InvitationForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            found = operations.find_invitation(form.cleaned_data["token"].strip(), at=timezone.now())
        except Refusal as refusal:
            form.add_error("token", message_of(refusal))
        else:
            remember_invitation(request, invitation=found)
            return HttpResponseRedirect(reverse("accounts:invitation"))
    status = 422 if form.errors else 200
    context = {"form": form, "invitation": None if form.errors else pending_invitation(request)}
    return render(request, "accounts/invitation.html", context, status=status)


def _accept(request: HttpRequest) -> HttpResponse:
    pending = pending_invitation(request)
    if pending is None:
        raise Refusal("invitation_invalid")
    user = signed_in(request.user)
    operations.accept_invitation(pending, user=user, actor=actor_of(request), at=timezone.now())
    forget_invitation(request)
    choose_organisation(request, organisation_id=pending.organisation_id)
    say(request, _("You are now a member of %(name)s.") % {"name": pending.organisation.display_name})
    return HttpResponseRedirect(f"/{pending.organisation.kind}/")


@require_POST
@login_required
def choose(request: HttpRequest) -> HttpResponse:
    """Act for another of one's organisations."""
    try:
        organisation_id = UUID(request.POST.get("organisation", ""))
    except ValueError as error:
        raise Refusal("not_found") from error
    organisation = choose_organisation(request, organisation_id=organisation_id)
    return HttpResponseRedirect(f"/{organisation.kind}/")


@require_POST
@login_required
def mode(request: HttpRequest) -> HttpResponse:
    """Show live or test orders and money from now on, in every console."""
    if request.POST.get("cell") in cells.BY_SCHEMA:
        request.session[CELL_KEY] = request.POST["cell"]
    return HttpResponseRedirect(safe_next(request))


@require_POST
@login_required
def impersonation_end(request: HttpRequest) -> HttpResponse:
    """Stop looking at another organisation."""
    now = timezone.now()
    looking = current_impersonation(request, at=now)
    request.session.pop(IMPERSONATION_KEY, None)
    if looking is not None:
        looking.ended_at = now
        looking.save(update_fields=["ended_at"])
        audit.record(
            "impersonation.end",
            actor=actor_of(request),
            at=now,
            organisation=looking.organisation_id,
            object_kind="impersonation",
            object_id=str(looking.id),
        )
    return HttpResponseRedirect("/operator/")
