"""Writing API keys: create, rotate with an overlap, revoke. Checking them is `keys`.

Refuses scopes the owner's kind has no use for, address lists that are no networks, and ends in the past.
Who may do this, with which second factor, is asked by the page or the API before it calls.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import msgspec
from django.db import transaction

from kamao.business.identity import audit, key_format
from kamao.business.identity.models import ApiKey, Organisation, OrganisationKind
from kamao.kernel.errors import Refusal

IP_NETWORKS_MAX: Final = 50
OVERLAP_MAX: Final = timedelta(days=30)
LABEL_MAX: Final = 80
RATE_LIMIT_DEFAULT_PER_MINUTE: Final = 600
"""What a key made by its owner may do at most; the operator can change or lift it per key."""
RATE_LIMIT_MAX_PER_MINUTE: Final = 10_000_000

SCOPES_BY_KIND: Final[dict[str, tuple[str, ...]]] = {
    OrganisationKind.MERCHANT: (
        "catalogue:read",
        "orders:write",
        "orders:read",
        "codes:read",
        "wallet:read",
        "listings:write",
        "webhooks:write",
    ),
    OrganisationKind.SUPPLIER: ("catalogue:read", "supply:write", "orders:read", "webhooks:write"),
    OrganisationKind.OPERATOR: ("catalogue:read",),
}
"""What a key of each kind of organisation can be good for."""


class KeyWish(msgspec.Struct, frozen=True):
    """What a new key shall be."""

    label: str
    cell: int
    scopes: tuple[str, ...]
    ip_networks: tuple[str, ...] = ()
    expires_at: datetime | None = None
    rate_limit_per_minute: int | None = None


class CreatedKey(msgspec.Struct, frozen=True):
    """A stored key and, this once, its whole text."""

    row: ApiKey
    raw: str

    def __repr__(self) -> str:
        """Show the public part only."""
        return f"CreatedKey({self.row.prefix}…)"


def create_api_key(
    organisation: Organisation,
    *,
    wish: KeyWish,
    actor: audit.Actor,
    at: datetime,
) -> CreatedKey:
    """Store a key and return it with its text. Raises Refusal `invalid`."""
    _check(organisation, wish=wish, at=at)
    with transaction.atomic():
        return _store(organisation, wish=wish, actor=actor, at=at, act="api_key.create")


def rotate_api_key(key: ApiKey, *, overlap: timedelta, actor: audit.Actor, at: datetime) -> CreatedKey:
    """Make the successor of a key; the old one stays valid for the overlap. Raises `state_conflict`,
    `invalid`.
    """
    if not timedelta(0) <= overlap <= OVERLAP_MAX:
        raise Refusal(
            "invalid",
            zh="新旧密钥并用时间须在 0 到 30 天之间。",
            en="The overlap must be between 0 and 30 days.",
        )
    with transaction.atomic():
        old = ApiKey.objects.select_for_update().select_related("organisation").get(pk=key.pk)
        if old.revoked_at is not None or old.replaced_by_id is not None:
            raise Refusal(
                "not_found", zh="该密钥已撤销或已轮换。", en="This key is revoked or already rotated."
            )
        if old.expires_at is not None and old.expires_at <= at:
            raise Refusal(
                "invalid", zh="该密钥已到期，请新建密钥。", en="This key has expired; make a new one."
            )
        # The successor lives as long as the old one was meant to.
        expires_at = at + (old.expires_at - old.created_at) if old.expires_at is not None else None
        wish = KeyWish(
            label=old.label,
            cell=old.cell,
            scopes=tuple(old.scopes),
            ip_networks=tuple(old.ip_networks),
            expires_at=expires_at,
            rate_limit_per_minute=old.rate_limit_per_minute,
        )
        created = _store(old.organisation, wish=wish, actor=actor, at=at, act="api_key.rotate")
        end = at + overlap
        old.expires_at = end if old.expires_at is None else min(end, old.expires_at)
        old.replaced_by = created.row
        old.save(update_fields=["expires_at", "replaced_by"])
        return created


def revoke_api_key(key: ApiKey, *, actor: audit.Actor, at: datetime) -> None:
    """End a key now; every process refuses it within 5 s. Revoking twice changes nothing."""
    with transaction.atomic():
        row = ApiKey.objects.select_for_update().get(pk=key.pk)
        if row.revoked_at is not None:
            return
        row.revoked_at = at
        row.save(update_fields=["revoked_at"])
        audit.record(
            "api_key.revoke",
            actor=actor,
            at=at,
            organisation=row.organisation_id,
            object_kind="api_key",
            object_id=str(row.id),
            details={"prefix": row.prefix},
        )


def set_rate_limit(key: ApiKey, *, per_minute: int | None, actor: audit.Actor, at: datetime) -> None:
    """Change or lift (None) a key's limit: the operator's act. Raises Refusal `invalid`."""
    if per_minute is not None and not 0 < per_minute <= RATE_LIMIT_MAX_PER_MINUTE:
        raise Refusal("invalid", zh="限速至少为每分钟 1 次。", en="A rate limit is at least 1 per minute.")
    with transaction.atomic():
        row = ApiKey.objects.select_for_update().get(pk=key.pk)
        before, row.rate_limit_per_minute = row.rate_limit_per_minute, per_minute
        row.save(update_fields=["rate_limit_per_minute"])
        audit.record(
            "api_key.set_rate_limit",
            actor=actor,
            at=at,
            organisation=row.organisation_id,
            object_kind="api_key",
            object_id=str(row.id),
            details={"prefix": row.prefix, "before": before, "after": per_minute},
        )


def api_key_of(organisation: Organisation, *, key_id: UUID) -> ApiKey:
    """Return an organisation's own key. Raises Refusal `not_found` for anybody else's."""
    key = ApiKey.objects.filter(organisation=organisation, pk=key_id).first()
    if key is None:
        raise Refusal("not_found")
    return key


def parse_networks(texts: Iterable[str]) -> tuple[str, ...]:
    """Return addresses and networks in their canonical CIDR form. Raises Refusal `invalid` naming the wrong
    one.
    """
    networks: list[str] = []
    for text in texts:
        try:
            network = str(ipaddress.ip_network(text.strip(), strict=False))
        except ValueError as error:
            raise Refusal(
                "invalid",
                zh=f"“{text.strip()[:60]}”不是有效的 IP 地址或网段。",
                en=f"“{text.strip()[:60]}” is no IP address or network.",
            ) from error
        if network not in networks:
            networks.append(network)
    if len(networks) > IP_NETWORKS_MAX:
        raise Refusal("invalid", zh="地址名单最多 50 条。", en="An address list holds at most 50 entries.")
    return tuple(networks)


def _check(organisation: Organisation, *, wish: KeyWish, at: datetime) -> None:
    allowed = SCOPES_BY_KIND[organisation.kind]
    unknown = [scope for scope in wish.scopes if scope not in allowed]
    if not wish.scopes or unknown:
        raise Refusal(
            "invalid",
            zh=f"请选择权限范围；可选：{'、'.join(allowed)}。",
            en=f"Choose scopes among {', '.join(allowed)}.",
        )
    if not wish.label.strip() or len(wish.label) > LABEL_MAX:
        raise Refusal(
            "invalid", zh="请填写 1–80 字的名称。", en="Give the key a label of 1 to 80 characters."
        )
    if wish.cell not in {0, 1}:
        raise Refusal("invalid", zh="请选择正式或测试模式。", en="Choose live or test mode.")
    if wish.expires_at is not None and wish.expires_at <= at:
        raise Refusal("invalid", zh="到期时间必须在将来。", en="The expiry must lie in the future.")
    if wish.rate_limit_per_minute is not None and wish.rate_limit_per_minute < 1:
        raise Refusal("invalid", zh="限速至少为每分钟 1 次。", en="A rate limit is at least 1 per minute.")


def _store(
    organisation: Organisation, *, wish: KeyWish, actor: audit.Actor, at: datetime, act: str
) -> CreatedKey:
    new = key_format.generate(cell=wish.cell)
    row = ApiKey.objects.create(
        organisation=organisation,
        cell=wish.cell,
        label=wish.label.strip(),
        prefix=new.prefix,
        digest=new.digest,
        scopes=list(wish.scopes),
        ip_networks=list(parse_networks(wish.ip_networks)),
        expires_at=wish.expires_at,
        rate_limit_per_minute=wish.rate_limit_per_minute,
        created_by_id=actor.user,
        created_at=at,
    )
    audit.record(
        act,
        actor=actor,
        at=at,
        organisation=organisation.id,
        object_kind="api_key",
        object_id=str(row.id),
        details={"prefix": row.prefix, "label": row.label, "cell": row.cell, "scopes": list(wish.scopes)},
    )
    return CreatedKey(row=row, raw=new.raw)
