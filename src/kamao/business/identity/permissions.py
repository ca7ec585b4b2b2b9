"""What each ready role may do: one table, one function that checks it.

Refuses by `Refusal`: somebody who is not a member gets 404 (another tenant's things do not exist for them), a
member without the permission gets 403.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final
from uuid import UUID

import msgspec

from kamao.business.identity.models import (
    Membership,
    Organisation,
    OrganisationKind,
    OrganisationStatus,
    Role,
    User,
)
from kamao.kernel.errors import Refusal


class Permission(StrEnum):
    """Something a member may or may not do in an organisation."""

    HOME_READ = "home.read"
    ORDERS_READ = "orders.read"
    ORDERS_PLACE = "orders.place"
    ORDERS_CANCEL = "orders.cancel"
    ORDERS_REFUND = "orders.refund"
    COSTS_READ = "costs.read"
    TARGETS_READ = "targets.read"
    CODES_REVEAL = "codes.reveal"
    WALLET_READ = "wallet.read"
    WALLET_MANAGE = "wallet.manage"
    PRICES_MANAGE = "prices.manage"
    LISTINGS_MANAGE = "listings.manage"
    SHOP_MANAGE = "shop.manage"
    SUPPLY_READ = "supply.read"
    SUPPLY_MANAGE = "supply.manage"
    FULFIL = "fulfilments.manage"
    PAYOUTS_MANAGE = "payouts.manage"
    EXPORT = "exports.make"
    WEBHOOKS_MANAGE = "webhooks.manage"
    API_KEYS_MANAGE = "api_keys.manage"
    MEMBERS_READ = "members.read"
    MEMBERS_MANAGE = "members.manage"
    AUDIT_READ = "audit.read"
    ORGANISATIONS_READ = "organisations.read"
    ORGANISATIONS_MANAGE = "organisations.manage"
    BOOKS_READ = "books.read"
    CATALOGUE_MANAGE = "catalogue.manage"
    IMPERSONATE = "impersonate"


_P = Permission

OPERATOR_ONLY: Final = frozenset(
    {_P.ORGANISATIONS_READ, _P.ORGANISATIONS_MANAGE, _P.BOOKS_READ, _P.CATALOGUE_MANAGE, _P.IMPERSONATE}
)
"""Permissions that only a member of an operator organisation can hold, whatever the role."""

_EVERYONE: Final = frozenset({_P.HOME_READ, _P.ORDERS_READ, _P.MEMBERS_READ})

GRANTS: Final[dict[str, frozenset[Permission]]] = {
    Role.ADMIN: frozenset(Permission),
    Role.OPERATIONS: _EVERYONE
    | {
        _P.ORDERS_PLACE,
        _P.ORDERS_CANCEL,
        _P.ORDERS_REFUND,
        _P.COSTS_READ,
        _P.TARGETS_READ,
        _P.CODES_REVEAL,
        _P.PRICES_MANAGE,
        _P.LISTINGS_MANAGE,
        _P.SHOP_MANAGE,
        _P.SUPPLY_READ,
        _P.SUPPLY_MANAGE,
        _P.FULFIL,
        _P.EXPORT,
        _P.WEBHOOKS_MANAGE,
        _P.ORGANISATIONS_READ,
        _P.CATALOGUE_MANAGE,
    },
    Role.PURCHASING: _EVERYONE
    | {
        _P.ORDERS_PLACE,
        _P.ORDERS_CANCEL,
        _P.COSTS_READ,
        _P.TARGETS_READ,
        _P.CODES_REVEAL,
        _P.WALLET_READ,
        _P.SUPPLY_READ,
        _P.SUPPLY_MANAGE,
        _P.FULFIL,
        _P.EXPORT,
        _P.CATALOGUE_MANAGE,
    },
    Role.FINANCE: _EVERYONE
    | {
        _P.ORDERS_REFUND,
        _P.COSTS_READ,
        _P.WALLET_READ,
        _P.WALLET_MANAGE,
        _P.SUPPLY_READ,
        _P.PAYOUTS_MANAGE,
        _P.EXPORT,
        _P.AUDIT_READ,
        _P.ORGANISATIONS_READ,
        _P.BOOKS_READ,
    },
    Role.SUPPORT: _EVERYONE | {_P.ORDERS_CANCEL, _P.ORDERS_REFUND},
}
"""Role → what it may do. Support sees no cost and only masked targets, reveals nothing, refunds up to a
limit.
"""


class Grant(msgspec.Struct, frozen=True):
    """What one person is in one organisation, after the check."""

    user: UUID
    organisation: UUID
    role: str
    permissions: frozenset[Permission]
    refund_limit_minor: int | None
    """Most that this person may refund of one order, in minor units; None is no limit."""

    def allows(self, permission: Permission) -> bool:
        """Tell whether the permission is held; pages use it to hide what would be refused."""
        return permission in self.permissions


def permissions_of(role: str, kind: str) -> frozenset[Permission]:
    """Return what a role may do in an organisation of a kind."""
    granted = GRANTS[role]
    return granted if kind == OrganisationKind.OPERATOR else granted - OPERATOR_ONLY


def grant_of(user: User, organisation: Organisation) -> Grant:
    """Return what a person is in an organisation. Raises Refusal `not_found` for anybody else."""
    membership = Membership.objects.filter(user=user, organisation=organisation).first()
    if membership is None or not user.is_active or organisation.status == OrganisationStatus.CLOSED:
        raise Refusal("not_found")
    return Grant(
        user=user.id,
        organisation=organisation.id,
        role=membership.role,
        permissions=permissions_of(membership.role, organisation.kind),
        refund_limit_minor=(
            organisation.support_refund_limit_minor if membership.role == Role.SUPPORT else None
        ),
    )


_READ_ONLY: Final = frozenset(
    {
        _P.HOME_READ, _P.ORDERS_READ, _P.COSTS_READ, _P.WALLET_READ, _P.SUPPLY_READ, _P.MEMBERS_READ,
        _P.AUDIT_READ, _P.ORGANISATIONS_READ, _P.BOOKS_READ,
    }
)  # fmt: skip


def read_only(grant: Grant) -> Grant:
    """Return the grant without anything that writes, reveals or exports: suspended members and
    impersonation.
    """
    return msgspec.structs.replace(grant, permissions=grant.permissions & _READ_ONLY, refund_limit_minor=0)


def require(user: User, organisation: Organisation, permission: Permission) -> Grant:
    """Return the grant if the person holds the permission. Raises Refusal `not_found` or `forbidden`.

    A suspended organisation can only be read.
    """
    grant = grant_of(user, organisation)
    if organisation.status == OrganisationStatus.SUSPENDED:
        grant = read_only(grant)
    return require_granted(grant, permission)


def require_granted(grant: Grant, permission: Permission) -> Grant:
    """Check one more permission on a grant already looked up. Raises Refusal `forbidden`."""
    if not grant.allows(permission):
        raise Refusal("forbidden")
    return grant


def mask_target(text: str) -> str:
    """Return a top-up account with its middle hidden: what a role without `targets.read` sees."""
    if len(text) <= 4:
        return "*" * len(text)
    shown = 3 if len(text) >= 8 else 1
    return text[:shown] + "*" * (len(text) - 2 * shown) + text[-shown:]
