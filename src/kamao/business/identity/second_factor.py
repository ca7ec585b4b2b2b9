"""Second factors: how their seeds are kept, and whether a person proved one a moment ago.

Wallet acts, reveals, exports and API keys ask for a proof at most ten minutes old. Refuses to keep a seed in
the clear.
"""

from __future__ import annotations

import base64
import os
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from allauth.account.authentication import get_authentication_records
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.db import transaction
from django.http import HttpRequest

from kamao.business.identity.models import User

PROOF_LIFE: Final = timedelta(minutes=10)
_NONCE_BYTES: Final = 12
_FACTORS: Final = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)


def has_second_factor(user: User) -> bool:
    """Tell whether a person has an authenticator or a passkey; recovery codes alone are none."""
    found: bool = Authenticator.objects.filter(user=user, type__in=_FACTORS).exists()
    return found


def proved_at(request: HttpRequest) -> datetime | None:
    """Return when this session last proved a second factor of its present user, or None."""
    user = request.user
    if not isinstance(user, User):
        return None
    records: list[dict[str, Any]] = get_authentication_records(request, user)
    moments = [record["at"] for record in records if record.get("method") == "mfa"]
    return datetime.fromtimestamp(max(moments), UTC) if moments else None


def is_recent(request: HttpRequest, *, at: datetime) -> bool:
    """Tell whether the proof is fresh enough for a sensitive act."""
    moment = proved_at(request)
    return moment is not None and moment <= at + timedelta(seconds=5) and at - moment <= PROOF_LIFE


def enrol_totp(user: User, *, seed: str) -> None:
    """Give a person an authenticator with a known base32 seed, and recovery codes: demo and tests."""
    with transaction.atomic():
        TOTP.activate(user, seed)
        RecoveryCodes.activate(user)


class MfaAdapter(DefaultMFAAdapter):  # type: ignore[misc]
    """Second factors: seeds and recovery seeds are sealed under a key derived from the node's secret key."""

    def encrypt(self, text: str) -> str:
        """Seal a seed; the key never is in the database, so a copy of the database opens nothing."""
        nonce = os.urandom(_NONCE_BYTES)
        return base64.b64encode(nonce + _cipher().encrypt(nonce, text.encode(), b"mfa|1")).decode()

    def decrypt(self, encrypted_text: str) -> str:
        """Open what `encrypt` sealed."""
        raw = base64.b64decode(encrypted_text)
        return _cipher().decrypt(raw[:_NONCE_BYTES], raw[_NONCE_BYTES:], b"mfa|1").decode()

    def get_totp_issuer(self) -> str:
        """The name shown in the authenticator app."""
        return "Kamao"


def _cipher() -> AESGCM:
    derive = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"kamao mfa seeds")
    return AESGCM(derive.derive(settings.SECRET_KEY.encode()))
