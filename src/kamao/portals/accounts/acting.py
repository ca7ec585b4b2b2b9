"""Who a request acts for: a member for an organisation, or staff looking at one, read-only.

Owns the choice among several memberships and the life of an impersonation. Refuses (404) whoever has no
business in a console, so that a stranger does not learn that an organisation exists.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import msgspec
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest
from django.utils import timezone

from kamao.business.identity import audit
from kamao.business.identity.models import (
    Impersonation,
    Membership,
    Organisation,
    OrganisationStatus,
    User,
)
from kamao.business.identity.permissions import (
    Grant,
    Permission,
    permissions_of,
    read_only,
    require,
    require_granted,
)
from kamao.engine.cells import BY_SCHEMA, LIVE, Cell
from kamao.kernel.errors import Refusal
from kamao.portals.kit.refusals import language

IMPERSONATION_LIFE: Final = timedelta(minutes=15)
IMPERSONATION_KEY: Final = "impersonation"
_CHOICE_KEY: Final = "organisation_of_"
_CONSOLE_KEY: Final = "console"
CELL_KEY: Final = "cell"


class Acting(msgspec.Struct, frozen=True):
    """The person, the organisation and what the one may do for the other in this request."""

    user: User
    organisation: Organisation
    grant: Grant
    cell: Cell = LIVE
    impersonation: Impersonation | None = None

    def allows(self, permission: str) -> bool:
        """Tell whether a permission is held; pages hide what would be refused."""
        return self.grant.allows(Permission(permission))

    def require(self, permission: Permission) -> None:
        """Raise Refusal `forbidden` without the permission."""
        require_granted(self.grant, permission)

    @property
    def sees_costs(self) -> bool:
        """Cost, supply price and margin."""
        return self.allows(Permission.COSTS_READ)

    @property
    def sees_targets(self) -> bool:
        """Top-up accounts in full; otherwise masked."""
        return self.allows(Permission.TARGETS_READ)

    @property
    def holds(self) -> dict[str, bool]:
        """Permissions for templates: names with underscores instead of dots."""
        return {name.value.replace(".", "_"): name in self.grant.permissions for name in Permission}


def signed_in(user: AbstractBaseUser | AnonymousUser) -> User:
    """Return the signed-in person. Raises Refusal `unauthenticated`."""
    if not isinstance(user, User) or not user.is_active:
        raise Refusal("unauthenticated", zh="请先登录。", en="Please sign in first.")
    return user


def acting_in(request: HttpRequest, *, kinds: tuple[str, ...]) -> Acting:
    """Return who acts in a console of these kinds. Raises Refusal `not_found` where the person has none."""
    user = signed_in(request.user)
    looking = current_impersonation(request, at=timezone.now())
    if looking is not None and looking.organisation.kind in kinds:
        return _looking_at(looking, cell=cell_of(request))
    membership = _chosen_membership(request, user=user, kinds=kinds)
    if membership is None:
        raise Refusal(
            "not_found",
            zh="你的账号不属于这类机构，请让机构管理员邀请你。",
            en="Your account belongs to no such organisation; ask its administrator to invite you.",
        )
    grant = require(user, membership.organisation, Permission.HOME_READ)
    return Acting(user=user, organisation=membership.organisation, grant=grant, cell=cell_of(request))


def _chosen_membership(request: HttpRequest, *, user: User, kinds: tuple[str, ...]) -> Membership | None:
    rows = list(
        Membership.objects.filter(user=user, organisation__kind__in=kinds)
        .exclude(organisation__status=OrganisationStatus.CLOSED)
        .select_related("organisation")
        .order_by("created_at")
    )
    chosen = {request.session.get(_CHOICE_KEY + kind) for kind in kinds}
    latest = request.session.get(_CONSOLE_KEY)
    # The console used last wins, then the organisation chosen for its kind, then the oldest membership.
    rows.sort(key=lambda row: (row.organisation.kind != latest, str(row.organisation_id) not in chosen))
    if rows and len(kinds) == 1 and latest != kinds[0]:
        request.session[_CONSOLE_KEY] = kinds[0]
    return rows[0] if rows else None


def choose_organisation(request: HttpRequest, *, organisation_id: UUID) -> Organisation:
    """Act for another of one's organisations from now on. Raises Refusal `not_found`."""
    user = signed_in(request.user)
    organisation = Organisation.objects.filter(pk=organisation_id).first()
    if organisation is None:
        raise Refusal("not_found")
    require(user, organisation, Permission.HOME_READ)
    request.session[_CHOICE_KEY + organisation.kind] = str(organisation.id)
    return organisation


def cell_of(request: HttpRequest) -> Cell:
    """Return the cell whose orders and money the console shows: live, or test where the person switched."""
    return BY_SCHEMA.get(request.session.get(CELL_KEY, ""), LIVE)


def _looking_at(looking: Impersonation, *, cell: Cell) -> Acting:
    organisation = looking.organisation
    everything = Grant(
        user=looking.user_id,
        organisation=organisation.id,
        role="admin",
        permissions=permissions_of("admin", organisation.kind),
        refund_limit_minor=0,
    )
    return Acting(
        user=looking.user,
        organisation=organisation,
        grant=read_only(everything),
        cell=cell,
        impersonation=looking,
    )


def current_impersonation(request: HttpRequest, *, at: datetime) -> Impersonation | None:
    """Return the session's impersonation while it lasts; its staff member must still be allowed to look."""
    looking_id = request.session.get(IMPERSONATION_KEY)
    if looking_id is None or not request.user.is_authenticated:
        return None
    looking = (
        Impersonation.objects.select_related("organisation", "user")
        .filter(pk=looking_id, user_id=request.user.pk, ended_at=None, ends_at__gt=at)
        .first()
    )
    if looking is None or not looking.user.is_active or not looking.user.is_staff:
        del request.session[IMPERSONATION_KEY]
        return None
    return looking


def actor_of(request: HttpRequest) -> audit.Actor:
    """Return who the audit trail names for this request: the person and the socket's address."""
    user = request.user
    return audit.Actor(
        user=user.id if isinstance(user, User) else None, address=request.META.get("REMOTE_ADDR") or None
    )


def message_of(refusal: Refusal) -> str:
    """Return a refusal's sentence in the language of the page."""
    return refusal.message(language())
