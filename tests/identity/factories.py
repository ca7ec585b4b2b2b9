"""Organisations, people and keys for the tests of identity and of the consoles."""

import time
from datetime import UTC, datetime
from uuid import UUID

from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value

from kamao.business.identity import operations, second_factor
from kamao.business.identity.audit import SYSTEM, Actor
from kamao.business.identity.models import Organisation, Role, User

NOW = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)
SEED = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
PASSWORD = "correct horse battery"


def organisation(
    kind: str = "merchant", name: str = "Shop", *, at: datetime = NOW, **terms: object
) -> Organisation:
    return operations.register_organisation(
        kind=kind, legal_name=f"{name} Ltd", display_name=name, actor=SYSTEM, at=at, **terms
    )


def person(email: str = "ada@example.test", *, is_staff: bool = False, totp: bool = False) -> User:
    user = operations.create_user(
        email, password=PASSWORD, name=email.partition("@")[0].title(), is_staff=is_staff
    )
    if totp:
        second_factor.enrol_totp(user, seed=SEED)
    return user


def member(
    of: Organisation, role: str = Role.ADMIN, email: str = "ada@example.test", *, totp: bool = False
) -> User:
    user = person(email, totp=totp)
    operations.add_member(of, user=user, role=role, actor=SYSTEM, at=NOW)
    user.refresh_from_db()
    return user


def totp_code() -> str:
    """The code that the authenticator of `person(totp=True)` shows now."""
    return format_hotp_value(hotp_value(SEED, int(time.time()) // 30))


def by(user: User | UUID) -> Actor:
    return Actor(user=user if isinstance(user, UUID) else user.id, address="203.0.113.9")
