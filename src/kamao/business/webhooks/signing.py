"""Standard Webhooks 1.0: secrets and signatures (scheme ``v1``, HMAC-SHA256).

Owns how a secret looks (``whsec_`` and base64 of 32 random bytes) and how a message is signed:
``<id>.<unix seconds>.<raw body>``. Refuses to sign with a secret shorter than 24 bytes.
Source: Standard Webhooks 1.0.0, sections "Signature scheme" and "Webhook headers".
"""

import base64
import binascii
import hashlib
import hmac
import os
from collections.abc import Sequence
from datetime import datetime

SECRET_PREFIX = "whsec_"
_SECRET_BYTES = 32
_SECRET_BYTES_MIN = 24


def new_secret() -> str:
    """Return a fresh secret; shown once to whoever makes the endpoint, stored sealed."""
    return SECRET_PREFIX + base64.b64encode(os.urandom(_SECRET_BYTES)).decode()


def secret_key(secret: str) -> bytes:
    """Return a secret's key bytes. Raises ValueError where it is not one of ours."""
    head, prefix, body = secret.partition(SECRET_PREFIX)
    if head or not prefix:
        raise ValueError("a webhook secret starts with whsec_")
    try:
        key = base64.b64decode(body, validate=True)
    except binascii.Error as error:
        raise ValueError("a webhook secret is base64") from error
    if len(key) < _SECRET_BYTES_MIN:
        raise ValueError("a webhook secret has at least 24 bytes")
    return key


def sign(body: bytes, *, message_id: str, at: datetime, keys: Sequence[bytes]) -> dict[str, str]:
    """Return the three headers of one attempt; two keys (during a rotation) give two signatures."""
    seconds = str(int(at.timestamp()))
    content = f"{message_id}.{seconds}.".encode() + body
    signatures = [base64.b64encode(hmac.digest(key, content, hashlib.sha256)).decode() for key in keys]
    return {
        "webhook-id": message_id,
        "webhook-timestamp": seconds,
        "webhook-signature": " ".join([f"v1,{signature}" for signature in signatures]),
    }
