"""Organisations, people and keys of the demo. Owns their idempotency: by name, by e-mail, by label."""

import secrets
from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec

from kamao.business.identity import audit
from kamao.business.identity.api_keys import SCOPES_BY_KIND, KeyWish, create_api_key
from kamao.business.identity.models import ApiKey, Membership, Organisation, User
from kamao.business.identity.operations import add_member, create_user, register_organisation
from kamao.engine import cells
from kamao.runtime.demo.script import PLAYERS, Player

_ROLES: Final = {"operator": "operator", "supplier": "supplier", "merchant": "merchant"}


class Login(msgspec.Struct, frozen=True):
    """A person of the demo as ``demo.json`` tells it. ``role`` is the kind of organisation, or
    ``merchant_support``.
    """

    role: str
    email: str
    password: str
    organisation: str


def organisations(*, at: datetime) -> dict[str, Organisation]:
    """Return the players' organisations by key, registering those that are missing as of ``at``."""
    found = {}
    for player in PLAYERS:
        known = Organisation.objects.filter(kind=player.kind, legal_name=player.name).first()
        found[player.key] = known or register_organisation(
            kind=player.kind,
            legal_name=player.name,
            display_name=player.name,
            actor=audit.SYSTEM,
            at=at,
            level=player.level,
        )
    return found


def first_day(default: datetime) -> datetime:
    """Return when the story began: the registration of its first player, or ``default`` for a new story."""
    known = Organisation.objects.filter(kind=PLAYERS[0].kind, legal_name=PLAYERS[0].name).first()
    return known.created_at if known else default


def logins(players: dict[str, Organisation], *, existing: list[dict[str, str]], at: datetime) -> list[Login]:
    """Return every person with a password that works: the one told before, or a fresh random one."""
    told = {login["email"]: login["password"] for login in existing}
    made = []
    for player in PLAYERS:
        for role, email in player.people:
            password = told.get(email) or secrets.token_urlsafe(9)
            user = User.objects.filter(email=email).first()
            if user is None:
                user = create_user(
                    email, password=password, name=player.name, is_staff=player.kind == "operator"
                )
            elif email not in told:
                user.set_password(password)
                user.save(update_fields=["password"])
            if not Membership.objects.filter(user=user, organisation=players[player.key]).exists():
                add_member(players[player.key], user=user, role=role, actor=audit.SYSTEM, at=at)
            made.append(Login(_role_of(player, role), email, password, player.name))
    return made


def _role_of(player: Player, role: str) -> str:
    return _ROLES[player.kind] if role == "admin" else f"{player.kind}_{role}"


def api_keys(
    players: dict[str, Organisation], *, existing: dict[str, dict[str, str]], at: datetime
) -> dict[str, dict[str, str]]:
    """Return one live and one test key of the demo's merchant and supplier; keys told before are kept.

    None of them has a rate limit: whoever tries the demo measures it too.
    """
    told: dict[str, dict[str, str]] = {}
    for kind, key in (("merchant", "maomi"), ("supplier", "xinghai")):
        told[kind] = {}
        for mode, cell in (("live", cells.LIVE), ("test", cells.TEST)):
            known = existing.get(kind, {}).get(mode)
            told[kind][mode] = known or _new_key(players[key], cell=cell.number, mode=mode, at=at)
    return told


def _new_key(owner: Organisation, *, cell: int, mode: str, at: datetime) -> str:
    label = f"demo {mode}"
    # A key whose text was lost with an interrupted start is of no use to anybody.
    ApiKey.objects.filter(organisation=owner, label=label, revoked_at=None).update(revoked_at=at)
    wish = KeyWish(label=label, cell=cell, scopes=SCOPES_BY_KIND[owner.kind])
    return create_api_key(owner, wish=wish, actor=audit.SYSTEM, at=at).raw


def merchant_ids(players: dict[str, Organisation]) -> dict[str, UUID]:
    """Return the merchants' ids by key."""
    return {player.key: players[player.key].id for player in PLAYERS if player.kind == "merchant"}
