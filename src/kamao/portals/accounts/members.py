"""Members and invitations of one's organisation: the same page in every console.

Refuses changes by anybody without `members.manage`, and links that could be read from a log: a token is shown
once and travels in the fragment.
"""

from __future__ import annotations

from uuid import UUID

from django import forms
from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from kamao.business.identity import operations
from kamao.business.identity.models import Invitation, Membership, Role
from kamao.business.identity.permissions import Permission
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


class InviteForm(forms.Form):
    """Whom to invite, as what."""

    email = forms.EmailField(label=gettext_lazy("E-mail"), max_length=254)
    role = forms.ChoiceField(label=gettext_lazy("Role"), choices=Role.choices, initial=Role.OPERATIONS)


@console_page(permission=Permission.MEMBERS_READ)
def members(request: ConsoleRequest) -> HttpResponse:
    """List members and open invitations."""
    return _render(request, form=InviteForm())


@require_POST
@console_page(permission=Permission.MEMBERS_MANAGE)
@second_factor_required
def invite(request: ConsoleRequest) -> HttpResponse:
    """Invite an address; the page that answers shows the link, once."""
    form = InviteForm(request.POST)
    if not form.is_valid():
        return _render(request, form=form, status=422)
    try:
        issued = operations.invite(
            request.acting.organisation,
            email=form.cleaned_data["email"],
            role=form.cleaned_data["role"],
            actor=actor_of(request),
            at=timezone.now(),
        )
    except Refusal as refusal:
        form.add_error("email", message_of(refusal))
        return _render(request, form=form, status=refusal.status)
    link = request.build_absolute_uri(reverse("accounts:invitation")) + "#" + issued.token
    return _render(request, form=InviteForm(), link=link, invited=issued.row.email)


@require_POST
@console_page(permission=Permission.MEMBERS_MANAGE)
@second_factor_required
def change(request: ConsoleRequest, user_id: UUID) -> HttpResponse:
    """Give a member another role, or end the membership."""
    acting = request.acting
    row = Membership.objects.filter(organisation=acting.organisation, user_id=user_id).first()
    if row is None:
        raise Refusal("not_found")
    try:
        if "remove" in request.POST:
            operations.remove_member(row, actor=actor_of(request), at=timezone.now())
            say(request, _("Removed. The person can no longer act for this organisation."))
        elif request.POST.get("role") in Role.values:
            role = request.POST["role"]
            operations.change_role(row, role=role, actor=actor_of(request), at=timezone.now())
            say(request, _("The role was changed and holds from the next click on."))
    except Refusal as refusal:
        say_refusal(request, refusal)
    return HttpResponseRedirect(_home(request))


@require_POST
@console_page(permission=Permission.MEMBERS_MANAGE)
def revoke(request: ConsoleRequest, invitation_id: UUID) -> HttpResponse:
    """Withdraw an open invitation."""
    row = Invitation.objects.filter(organisation=request.acting.organisation, pk=invitation_id).first()
    if row is None:
        raise Refusal("not_found")
    try:
        operations.revoke_invitation(row, actor=actor_of(request), at=timezone.now())
        say(request, _("The invitation was withdrawn."))
    except Refusal as refusal:
        say_refusal(request, refusal)
    return HttpResponseRedirect(_home(request))


def _home(request: ConsoleRequest) -> str:
    return reverse(f"{request.acting.organisation.kind}:members")


def _render(
    request: ConsoleRequest, *, form: InviteForm, link: str = "", invited: str = "", status: int = 200
) -> HttpResponse:
    organisation = request.acting.organisation
    now = timezone.now()
    context = {
        "form": form,
        "link": link,
        "invited": invited,
        "roles": Role.choices,
        "members": Membership.objects.filter(organisation=organisation)
        .select_related("user")
        .order_by("created_at"),
        "invitations": Invitation.objects.filter(
            organisation=organisation, accepted_at=None, revoked_at=None, expires_at__gt=now
        ).order_by("-created_at"),
        "page_help": _(
            "Everybody who works here has one role. Customer service sees no cost and only masked "
            "accounts; finance moves money but reveals no code."
        ),
    }
    response = page(request, "accounts/members.html", context, status=status)
    response.headers["Cache-Control"] = "no-store"
    return response
