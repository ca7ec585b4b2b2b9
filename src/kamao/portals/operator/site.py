"""The admin site at /operator/admin/: staff of the operator with a proven second factor, nobody else.

Refuses Django's own login form: there is one way to sign in.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from unfold.sites import UnfoldAdminSite

from kamao.business.identity import second_factor
from kamao.business.identity.models import Membership, OrganisationKind, OrganisationStatus, User
from kamao.business.identity.permissions import Permission, permissions_of
from kamao.kernel.errors import Refusal


def operator_permissions(user: Any) -> frozenset[Permission]:
    """Return what a person may do in the operator's organisation; nothing for anybody who is no active
    staff.
    """
    if not isinstance(user, User) or not user.is_active or not user.is_staff:
        return frozenset()
    roles = Membership.objects.filter(
        user=user,
        organisation__kind=OrganisationKind.OPERATOR,
        organisation__status=OrganisationStatus.ACTIVE,
    ).values_list("role", flat=True)
    return frozenset().union(*[permissions_of(role, OrganisationKind.OPERATOR) for role in roles])


class OperatorSite(UnfoldAdminSite):
    """The back office's admin."""

    def has_permission(self, request: HttpRequest) -> bool:
        """Staff who may read organisations and proved a second factor in this session."""
        allowed = Permission.ORGANISATIONS_READ in operator_permissions(request.user)
        return allowed and second_factor.proved_at(request) is not None

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Send strangers to the sign-in page, staff without a proof to the second factor, others away."""
        target = request.GET.get("next") or reverse("admin:index")
        if not request.user.is_authenticated:
            return redirect_to_login(target)
        if Permission.ORGANISATIONS_READ in operator_permissions(request.user):
            return HttpResponseRedirect(reverse("accounts:step_up") + "?" + urlencode({"next": target}))
        raise Refusal("not_found")
