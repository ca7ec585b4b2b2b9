"""Writes of identity: people, organisations, members, invitations. API keys are written by `api_keys`.

Every act is audited in its own transaction. Refuses to leave an organisation without an administrator and to
let an invitation be accepted by anybody but the address it was sent to. Who may call what is asked by
`permissions.require`.
"""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import msgspec
from allauth.account.models import EmailAddress
from django.db import transaction

from kamao.business.engine_bridge import cell_connection
from kamao.business.identity import audit
from kamao.business.identity.models import (
    Invitation,
    Membership,
    Organisation,
    OrganisationKind,
    OrganisationStatus,
    Role,
    User,
    fold_email,
)
from kamao.engine import cells
from kamao.engine.trade.operations import merchant_terms, register_merchants, register_suppliers
from kamao.engine.trade.types import MerchantSpec, SupplierSpec
from kamao.kernel.errors import Refusal, problem

INVITATION_LIFE: Final = timedelta(days=7)
_TOKEN_BYTES: Final = 32
_SETTLEMENT_DELAY: Final = "SELECT settlement_delay_s FROM trade_supplier WHERE id = %s"

LAST_ADMIN = problem(
    "last_administrator", 409, title_zh="至少保留一名管理员", title_en="One administrator must remain",
    detail_zh="请先指定另一名管理员，再变更或移除此成员。",
    detail_en="Make somebody else an administrator first, then change or remove this member.",
)  # fmt: skip
INVITATION_DEAD = problem(
    "invitation_invalid", 410, title_zh="邀请已失效", title_en="Invitation no longer valid",
    detail_zh="邀请码无效、已使用或已过期，请向邀请人索取新的邀请。",
    detail_en="The invitation is unknown, used or expired; ask whoever invited you for a new one.",
)  # fmt: skip
INVITATION_OTHER = problem(
    "invitation_for_other", 403, title_zh="邀请属于其他邮箱", title_en="Invitation for another address",
    detail_zh="请用收到邀请的邮箱登录后再接受。",
    detail_en="Sign in with the e-mail address that was invited, then accept.",
)  # fmt: skip
ALREADY_MEMBER = problem(
    "already_member", 409, title_zh="已是成员", title_en="Already a member",
    detail_zh="该邮箱已是本机构成员，可直接修改角色。",
    detail_en="This address already belongs to a member; change the role instead.",
)  # fmt: skip


class IssuedInvitation(msgspec.Struct, frozen=True):
    """A stored invitation and, this once, its token."""

    row: Invitation
    token: str

    def __repr__(self) -> str:
        """Hide the token."""
        return f"IssuedInvitation({self.row.id})"


def create_user(email: str, *, password: str | None, name: str = "", is_staff: bool = False) -> User:
    """Store a person whose address counts as verified: whoever calls vouches for it."""
    with transaction.atomic():
        user = User.objects.create_user(email, password, name=name, is_staff=is_staff)
        EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
        return user


def register_organisation(
    *,
    kind: str,
    legal_name: str,
    display_name: str,
    actor: audit.Actor,
    at: datetime,
    organisation_id: UUID | None = None,
    currency: str = "CNY",
    level: int = 0,
) -> Organisation:
    """Store an organisation and make it known to every engine cell, wallets included, in one transaction."""
    if not legal_name.strip() or not display_name.strip():
        raise Refusal(
            "invalid", zh="请填写机构全称和显示名称。", en="Give the legal name and the display name."
        )
    with transaction.atomic():
        organisation = Organisation(
            kind=OrganisationKind(kind),
            legal_name=legal_name.strip(),
            display_name=display_name.strip(),
            currency=currency,
            level=level,
            created_at=at,
        )
        if organisation_id is not None:
            organisation.id = organisation_id
        organisation.save(force_insert=True)
        _tell_cells(organisation, at=at)
        _audit_organisation(
            "organisation.register", organisation, actor=actor, at=at, details={"kind": organisation.kind}
        )
        return organisation


def _tell_cells(organisation: Organisation, *, at: datetime) -> None:
    """Register or update the organisation in the live and the test cell; its money terms stay as they are
    there.
    """
    status = "active" if organisation.status == OrganisationStatus.ACTIVE else "suspended"
    for cell in cells.ALL:
        with cell_connection(cell) as connection:
            if organisation.kind == OrganisationKind.MERCHANT:
                known = merchant_terms(connection, organisation.id)
                merchant = MerchantSpec(
                    id=organisation.id,
                    level=organisation.level,
                    currency=organisation.currency,
                    credit_minor=known.credit_minor if known else 0,
                    status=status,
                )
                register_merchants(connection, [merchant], at=at)
            elif organisation.kind == OrganisationKind.SUPPLIER:
                row = connection.execute(_SETTLEMENT_DELAY, (organisation.id,)).fetchone()
                supplier = SupplierSpec(id=organisation.id, currency=organisation.currency, status=status)
                if row is not None:
                    supplier = msgspec.structs.replace(supplier, settlement_delay_s=row[0])
                register_suppliers(connection, [supplier], at=at)


def set_organisation_status(
    organisation: Organisation, *, status: str, reason: str, actor: audit.Actor, at: datetime
) -> Organisation:
    """Suspend or resume: its keys are refused within 5 s, its members can only read, its orders are
    refused.
    """
    with transaction.atomic():
        row = Organisation.objects.select_for_update().get(pk=organisation.pk)
        before, row.status = row.status, OrganisationStatus(status)
        row.status_reason = reason.strip()[:200]
        row.save(update_fields=["status", "status_reason"])
        _tell_cells(row, at=at)
        _audit_organisation(
            "organisation.set_status",
            row,
            actor=actor,
            at=at,
            details={"before": before, "after": row.status, "reason": row.status_reason},
        )
        return row


def set_merchant_level(
    organisation: Organisation, *, level: int, actor: audit.Actor, at: datetime
) -> Organisation:
    """Move a merchant to another price level from now on. Raises Refusal `invalid` for others than
    merchants.
    """
    if organisation.kind != OrganisationKind.MERCHANT or not 0 <= level <= 99:
        raise Refusal(
            "invalid", zh="等级为 0–99，且仅适用于商户。", en="Levels are 0 to 99 and for merchants only."
        )
    with transaction.atomic():
        row = Organisation.objects.select_for_update().get(pk=organisation.pk)
        before, row.level = row.level, level
        row.save(update_fields=["level"])
        _tell_cells(row, at=at)
        _audit_organisation(
            "organisation.set_level", row, actor=actor, at=at, details={"before": before, "after": level}
        )
        return row


def _audit_organisation(
    act: str,
    organisation: Organisation,
    *,
    actor: audit.Actor,
    at: datetime,
    details: dict[str, audit.Detail],
) -> None:
    audit.record(
        act,
        actor=actor,
        at=at,
        organisation=organisation.id,
        object_kind="organisation",
        object_id=str(organisation.id),
        details=details,
    )


def add_member(
    organisation: Organisation, *, user: User, role: str, actor: audit.Actor, at: datetime
) -> Membership:
    """Make a person a member. Raises Refusal `already_member`."""
    with transaction.atomic():
        _lock(organisation)
        if Membership.objects.filter(organisation=organisation, user=user).exists():
            raise Refusal("already_member")
        membership = Membership.objects.create(
            organisation=organisation, user=user, role=Role(role), created_at=at
        )
        _follow_staff(organisation, user_id=user.id)
        _audit_member("member.add", membership, actor=actor, at=at, details={"role": role})
        return membership


def change_role(membership: Membership, *, role: str, actor: audit.Actor, at: datetime) -> Membership:
    """Give a member another role. Raises Refusal `last_administrator`."""
    with transaction.atomic():
        _lock(membership.organisation)
        row = _member_again(membership)
        if row.role == Role.ADMIN and role != Role.ADMIN:
            _require_other_admin(row)
        before, row.role = row.role, Role(role)
        row.save(update_fields=["role"])
        _audit_member(
            "member.change_role", row, actor=actor, at=at, details={"before": before, "after": role}
        )
        return row


def remove_member(membership: Membership, *, actor: audit.Actor, at: datetime) -> None:
    """End a membership; the person's account stays. Raises Refusal `last_administrator`."""
    with transaction.atomic():
        _lock(membership.organisation)
        row = _member_again(membership)
        if row.role == Role.ADMIN:
            _require_other_admin(row)
        _audit_member("member.remove", row, actor=actor, at=at, details={"role": row.role})
        row.delete()
        _follow_staff(membership.organisation, user_id=row.user_id)


def _follow_staff(organisation: Organisation, *, user_id: UUID) -> None:
    """Make members of the operator staff, and staff who left it none."""
    if organisation.kind == OrganisationKind.OPERATOR:
        belongs = Membership.objects.filter(
            user_id=user_id, organisation__kind=OrganisationKind.OPERATOR
        ).exists()
        User.objects.filter(pk=user_id).update(is_staff=belongs)


def _lock(organisation: Organisation) -> None:
    """Serialise changes of one organisation's members, so that two cannot remove each other as last
    administrator.
    """
    Organisation.objects.select_for_update().get(pk=organisation.pk)


def _member_again(membership: Membership) -> Membership:
    row = Membership.objects.filter(pk=membership.pk).first()
    if row is None:
        raise Refusal("not_found")
    return row


def _require_other_admin(membership: Membership) -> None:
    others = Membership.objects.filter(organisation_id=membership.organisation_id, role=Role.ADMIN)
    if not others.exclude(pk=membership.pk).filter(user__is_active=True).exists():
        raise Refusal("last_administrator")


def _audit_member(
    act: str, membership: Membership, *, actor: audit.Actor, at: datetime, details: dict[str, audit.Detail]
) -> None:
    audit.record(
        act,
        actor=actor,
        at=at,
        organisation=membership.organisation_id,
        object_kind="user",
        object_id=str(membership.user_id),
        details=details,
    )


def invite(
    organisation: Organisation, *, email: str, role: str, actor: audit.Actor, at: datetime
) -> IssuedInvitation:
    """Offer a role to an address for seven days; an older open offer to the same address ends."""
    folded = fold_email(email)
    if actor.user is None:
        raise Refusal("forbidden")
    with transaction.atomic():
        _lock(organisation)
        if Membership.objects.filter(organisation=organisation, user__email=folded).exists():
            raise Refusal("already_member")
        older = Invitation.objects.filter(
            organisation=organisation, email=folded, accepted_at=None, revoked_at=None
        )
        older.update(revoked_at=at)
        token = secrets.token_urlsafe(_TOKEN_BYTES)
        row = Invitation.objects.create(
            organisation=organisation,
            email=folded,
            role=Role(role),
            token_digest=_digest(token),
            invited_by_id=actor.user,
            created_at=at,
            expires_at=at + INVITATION_LIFE,
        )
        _audit_invitation("invitation.create", row, actor=actor, at=at)
        return IssuedInvitation(row=row, token=token)


def revoke_invitation(invitation: Invitation, *, actor: audit.Actor, at: datetime) -> None:
    """Withdraw an open invitation; an accepted one stays accepted."""
    with transaction.atomic():
        row = Invitation.objects.select_for_update().get(pk=invitation.pk)
        if not row.is_open(at):
            raise Refusal("invitation_invalid")
        row.revoked_at = at
        row.save(update_fields=["revoked_at"])
        _audit_invitation("invitation.revoke", row, actor=actor, at=at)


def find_invitation(token: str, *, at: datetime) -> Invitation:
    """Return the open invitation that a token belongs to. Raises Refusal `invitation_invalid`."""
    row = Invitation.objects.select_related("organisation").filter(token_digest=_digest(token)).first()
    if row is None or not row.is_open(at):
        raise Refusal("invitation_invalid")
    return row


def accept_invitation(invitation: Invitation, *, user: User, actor: audit.Actor, at: datetime) -> Membership:
    """Become a member. Raises `invitation_invalid`, `invitation_for_other` or `already_member`."""
    with transaction.atomic():
        _lock(invitation.organisation)
        row = Invitation.objects.select_for_update().get(pk=invitation.pk)
        if not row.is_open(at):
            raise Refusal("invitation_invalid")
        if row.email != user.email:
            raise Refusal("invitation_for_other")
        row.accepted_at = at
        row.accepted_by = user
        row.save(update_fields=["accepted_at", "accepted_by"])
        _audit_invitation("invitation.accept", row, actor=actor, at=at)
        return add_member(invitation.organisation, user=user, role=row.role, actor=actor, at=at)


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


def _audit_invitation(act: str, row: Invitation, *, actor: audit.Actor, at: datetime) -> None:
    audit.record(
        act,
        actor=actor,
        at=at,
        organisation=row.organisation_id,
        object_kind="invitation",
        object_id=str(row.id),
        details={"role": row.role},
    )
