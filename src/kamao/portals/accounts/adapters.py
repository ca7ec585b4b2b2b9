"""How django-allauth behaves here: sign-up only with an invitation, audited sign-ins, landing on one's
console.

Refuses open registration: organisations are registered by the operator, people are invited by their
organisation.
"""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from kamao.business.identity import audit
from kamao.business.identity.models import OrganisationKind, User, fold_email
from kamao.portals.accounts.acting import actor_of
from kamao.portals.accounts.invited import pending_invitation

_CONSOLES = {
    OrganisationKind.OPERATOR: "/operator/",
    OrganisationKind.MERCHANT: "/merchant/",
    OrganisationKind.SUPPLIER: "/supplier/",
}


class AccountAdapter(DefaultAccountAdapter):
    """Accounts: e-mail sign-in, invited sign-up."""

    error_messages = {
        **DefaultAccountAdapter.error_messages,
        "email_not_invited": _("Sign up with the address the invitation was sent to."),
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Only for somebody who came with an open invitation."""
        return pending_invitation(request) is not None

    def clean_email(self, email: str) -> str:
        """The invited address and no other may sign up."""
        folded = fold_email(super().clean_email(email))
        if self.request.path == reverse("account_signup"):
            invitation = pending_invitation(self.request)
            if invitation is None or invitation.email != folded:
                raise self.validation_error("email_not_invited")
        return folded

    def is_email_verified(self, request: HttpRequest, email: str) -> bool:
        """An invited address is vouched for by whoever invited it."""
        invitation = pending_invitation(request)
        invited = invitation is not None and invitation.email == fold_email(email)
        return invited or bool(super().is_email_verified(request, email))

    def get_login_redirect_url(self, request: HttpRequest) -> str:
        """Where a person works: the invitation first, then the console of the first membership."""
        if pending_invitation(request) is not None:
            return reverse("accounts:invitation")
        return home_of(request.user) if isinstance(request.user, User) else "/"

    def get_signup_redirect_url(self, request: HttpRequest) -> str:
        """The same after signing up."""
        return self.get_login_redirect_url(request)

    def get_client_ip(self, request: HttpRequest) -> str:
        """The socket's address: forwarded headers count only where the server was told to trust the proxy."""
        return request.META.get("REMOTE_ADDR") or "127.0.0.1"

    def post_login(self, request: HttpRequest, user: User, **kwargs: Any) -> HttpResponse:
        """Note the sign-in in the audit trail."""
        audit.record("user.sign_in", actor=actor_of(request), at=timezone.now(), object_kind="user",
                     object_id=str(user.id))  # fmt: skip
        response: HttpResponse = super().post_login(request, user, **kwargs)
        return response


def home_of(user: User) -> str:
    """Return the console of a person's first membership, or the start page for somebody without one."""
    kind = user.memberships.order_by("created_at").values_list("organisation__kind", flat=True).first()
    return _CONSOLES[OrganisationKind(kind)] if kind else "/"
