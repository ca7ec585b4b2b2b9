"""Checking API keys on the hot path: plain SQL, no ORM, at most 5 s old in every process.

Owns the in-process cache. Refuses unknown, expired, revoked and out-of-place keys with the API's stable
codes. A revoked key is refused everywhere within `LIFE_MAX_S`, because no answer of the database is used
longer than that, counted from before the question was asked.
"""

import hmac
import ipaddress
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import msgspec
import psycopg

from kamao.business.identity.key_format import digest_of, prefix_of
from kamao.kernel.errors import Refusal

LIFE_MAX_S: Final = 5.0
_LIFE_S: Final = 4.0
_NEGATIVE_LIFE_S: Final = 2.0
_ENTRIES_MAX: Final = 10_000
_LAST_USED_STEP: Final = timedelta(minutes=10)

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Connect = Callable[[], AbstractContextManager[psycopg.Connection[Any]]]


class KeyRecord(msgspec.Struct, frozen=True):
    """What a valid key means: whose it is, in which cell, what it may do."""

    id: UUID
    organisation: UUID
    kind: str
    """`merchant`, `supplier` or `operator`."""
    cell: int
    scopes: frozenset[str]
    ip_networks: tuple[Network, ...]
    """Empty: any address."""
    expires_at: datetime | None
    rate_limit_per_minute: int | None
    """None: no limit."""


class _Entry(msgspec.Struct, frozen=True):
    """An answer of the database. `record` is None where there is no such key."""

    until: float
    record: KeyRecord | None
    digest: bytes
    organisation_active: bool


# The owner's row comes along, so that suspending an organisation works within the same 5 s.
_LOOK_UP: Final = """
SELECT k.id, k.organisation_id, o.kind, k.cell, k.scopes, k.ip_networks, k.expires_at,
       k.rate_limit_per_minute, k.digest, o.status = 'active', k.last_used_at
  FROM public.identity_apikey k
  JOIN public.identity_organisation o ON o.id = k.organisation_id
 WHERE k.prefix = %(prefix)s AND k.revoked_at IS NULL
"""

# Coarse on purpose: one write per key and ten minutes, however many requests and processes there are.
_TOUCH: Final = """
UPDATE public.identity_apikey
   SET last_used_at = %(at)s
 WHERE id = %(id)s AND (last_used_at IS NULL OR last_used_at < %(before)s)
"""


class KeyCache:
    """Verified keys of one process. Safe under threads; the database is asked once per key and life."""

    def __init__(
        self,
        connect: Connect,
        *,
        life_s: float = _LIFE_S,
        entries_max: int = _ENTRIES_MAX,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        if not 0 < life_s < LIFE_MAX_S:
            raise ValueError("a cached key may live for less than five seconds")
        self._connect = connect
        self._life_s = life_s
        self._entries_max = entries_max
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._entries: OrderedDict[str, _Entry] = OrderedDict()
        self._loading: dict[str, threading.Lock] = {}

    def verify(self, raw_key: str, *, peer_ip: str | None, now: datetime) -> KeyRecord | Refusal:
        """Return the key's record, or the refusal to answer with. Blocks on the database when nothing is
        cached.
        """
        prefix = prefix_of(raw_key)
        if prefix is None:
            return Refusal("unauthenticated")
        entry = self._fresh(prefix) or self._load(prefix, now=now)
        return _judge(entry, raw_key=raw_key, peer_ip=peer_ip, now=now)

    def verify_cached(
        self, raw_key: str, *, peer_ip: str | None, now: datetime
    ) -> KeyRecord | Refusal | None:
        """Like `verify`, but return None instead of waiting for the database: for an event loop."""
        prefix = prefix_of(raw_key)
        if prefix is None:
            return Refusal("unauthenticated")
        entry = self._fresh(prefix)
        return None if entry is None else _judge(entry, raw_key=raw_key, peer_ip=peer_ip, now=now)

    def forget(self) -> None:
        """Drop everything, so that the next request asks the database again."""
        with self._lock:
            self._entries.clear()

    def __len__(self) -> int:
        """Answers held, stale ones included."""
        return len(self._entries)

    def _fresh(self, prefix: str) -> _Entry | None:
        with self._lock:
            entry = self._entries.get(prefix)
            if entry is None or self._monotonic() >= entry.until:
                return None
            self._entries.move_to_end(prefix)
            return entry

    def _load(self, prefix: str, *, now: datetime) -> _Entry:
        """Ask the database once, however many threads want the same key at once."""
        with self._lock:
            loading = self._loading.setdefault(prefix, threading.Lock())
        with loading:
            entry = self._fresh(prefix)
            if entry is not None:
                return entry
            try:
                entry = self._ask(prefix, now=now)
                self._remember(prefix, entry)
            finally:
                with self._lock:
                    self._loading.pop(prefix, None)
            return entry

    def _ask(self, prefix: str, *, now: datetime) -> _Entry:
        asked_at = self._monotonic()
        with self._connect() as connection, psycopg.Cursor(connection) as cursor:
            row = cursor.execute(_LOOK_UP, {"prefix": prefix}).fetchone()
            if row is None:
                return _Entry(asked_at + min(_NEGATIVE_LIFE_S, self._life_s), None, b"", False)
            record = KeyRecord(
                id=row[0],
                organisation=row[1],
                kind=row[2],
                cell=row[3],
                scopes=frozenset(row[4]),
                ip_networks=tuple(ipaddress.ip_network(text) for text in row[5]),
                expires_at=row[6],
                rate_limit_per_minute=row[7],
            )
            if row[10] is None or row[10] < now - _LAST_USED_STEP:
                values = {"id": record.id, "at": now, "before": now - _LAST_USED_STEP}
                cursor.execute(_TOUCH, values)
        return _Entry(asked_at + self._life_s, record, bytes(row[8]), row[9])

    def _remember(self, prefix: str, entry: _Entry) -> None:
        with self._lock:
            self._entries[prefix] = entry
            self._entries.move_to_end(prefix)
            while len(self._entries) > self._entries_max:
                self._entries.popitem(last=False)


def _judge(entry: _Entry, *, raw_key: str, peer_ip: str | None, now: datetime) -> KeyRecord | Refusal:
    record = entry.record
    if record is None or not hmac.compare_digest(entry.digest, digest_of(raw_key)):
        return Refusal("unauthenticated")
    if record.expires_at is not None and now >= record.expires_at:
        return Refusal(
            "unauthenticated", zh="该密钥已过期，请换用新密钥。", en="This key has expired; use a new one."
        )
    if not entry.organisation_active:
        return Refusal(
            "forbidden",
            zh="该机构已停用，请联系平台。",
            en="This organisation is suspended; contact the operator.",
        )
    if record.ip_networks and not _is_allowed(peer_ip, record.ip_networks):
        return Refusal(
            "forbidden",
            zh="该密钥不允许从此地址使用，请在密钥的地址名单中加入。",
            en="This key may not be used from this address; add it to the key's address list.",
        )
    return record


def _is_allowed(peer_ip: str | None, networks: tuple[Network, ...]) -> bool:
    if peer_ip is None:
        return False
    try:
        address = ipaddress.ip_address(peer_ip)
    except ValueError:
        return False
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    return any(address in network for network in networks)
