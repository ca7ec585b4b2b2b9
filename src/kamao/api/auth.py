"""Who calls: from the Authorization header to a key's record, or the refusal.

Owns reading the header, the address of the caller and a memo of half a second in front of the key cache, so
that the ordering path does not hash the same key thousands of times a second. Refuses keys in any other place
than the header: addresses are logged.
"""

import asyncio
from collections import OrderedDict
from datetime import datetime, timedelta
from time import monotonic
from typing import Any, Final

from kamao.api.services import Services
from kamao.business.identity.keys import LIFE_MAX_S, KeyRecord
from kamao.kernel.errors import Refusal

_MEMO_LIFE_S: Final = 0.5
_MEMO_ENTRIES_MAX: Final = 4_096
_EXPIRY_MARGIN: Final = timedelta(seconds=LIFE_MAX_S)
_SCHEME: Final = b"bearer "

Headers = list[tuple[bytes, bytes]]


def peer_address(scope: Any, headers: dict[bytes, bytes], *, trusts_proxy: bool) -> str | None:
    """Return the caller's address: the socket's, or what the trusted proxy in front has added last."""
    if trusts_proxy:
        forwarded = headers.get(b"x-forwarded-for")
        if forwarded:
            return forwarded.rpartition(b",")[2].strip().decode("latin-1")
    client = scope.get("client")
    return client[0] if client else None


class Authenticator:
    """Turns Authorization headers into key records. One per process, used on the event loop."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._memo: OrderedDict[bytes, tuple[float, KeyRecord]] = OrderedDict()

    def known(self, authorization: bytes) -> KeyRecord | None:
        """Return the record of a header seen before, where that needs no question to the database; None says
        nothing. Only keys without an address list are kept.
        """
        entry = self._memo.get(authorization)
        if entry is None:
            return None
        if entry[0] > monotonic():
            return entry[1]
        now = self._services.clock.now()
        found = self._services.keys.verify_cached(_raw(authorization), peer_ip=None, now=now)
        return found if isinstance(found, KeyRecord) and self._keep(authorization, found, now) else None

    def _keep(self, authorization: bytes, record: KeyRecord, now: datetime) -> bool:
        """Keep a record for half a second, where nothing but the key decides; tell whether it is kept."""
        if record.ip_networks or (
            record.expires_at is not None and record.expires_at <= now + _EXPIRY_MARGIN
        ):
            return False
        self._memo[authorization] = (monotonic() + _MEMO_LIFE_S, record)
        if len(self._memo) > _MEMO_ENTRIES_MAX:
            self._memo.popitem(last=False)
        return True

    async def key_of(self, authorization: bytes | None, *, peer_ip: str | None) -> KeyRecord:
        """Return the record of the caller's key. Raises Refusal ``unauthenticated`` or ``forbidden``."""
        if authorization is None or authorization[: len(_SCHEME)].lower() != _SCHEME:
            raise Refusal("unauthenticated")
        raw = _raw(authorization)
        now = self._services.clock.now()
        found = self._services.keys.verify_cached(raw, peer_ip=peer_ip, now=now)
        if found is None:
            loop = asyncio.get_running_loop()
            found = await loop.run_in_executor(
                self._services.threads, lambda: self._services.keys.verify(raw, peer_ip=peer_ip, now=now)
            )
        if isinstance(found, Refusal):
            raise found
        self._keep(authorization, found, now)
        return found


def _raw(authorization: bytes) -> str:
    return authorization[len(_SCHEME) :].strip().decode("latin-1")


def require_scope(key: KeyRecord, scope: str) -> None:
    """Raise ``forbidden`` where the key lacks a scope, naming it."""
    if scope not in key.scopes:
        raise Refusal(
            "forbidden",
            zh=f"该密钥缺少权限 {scope}，请在 /api-keys/ 新建带此权限的密钥。",
            en=f"This key lacks the scope {scope}; make a key that has it at /api-keys/.",
        )
