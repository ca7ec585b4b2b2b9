"""Receiving webhooks: check the signature, then read the event (Standard Webhooks 1.0, scheme ``v1``).

Refuses events without a valid signature and events older or newer than the tolerance. Deliveries are made at
least once and in any order: remember ``event.id``, and compare ``event.seq`` where the latest state matters.
"""

import base64
import binascii
import hashlib
import hmac
import time
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec

from kamao_client.errors import SignatureInvalid

TOLERANCE_S = 300


class Event(msgspec.Struct, frozen=True):
    """Something that happened. ``data`` depends on ``type``; fields are only ever added."""

    id: str
    type: str
    seq: int
    timestamp: datetime
    livemode: bool
    data: dict[str, Any]
    schema: int = 1


def verify(
    body: bytes | str,
    headers: Mapping[str, str],
    secret: str,
    *,
    tolerance_s: int = TOLERANCE_S,
    now: float | None = None,
) -> Event:
    """Return the event of a request whose signature is right.

    ``body`` is the raw body as received; ``secret`` is the endpoint's ``whsec_…``. Raises SignatureInvalid.
    """
    raw = body.encode() if isinstance(body, str) else body
    given = {name.lower(): value for name, value in headers.items()}
    try:
        message_id, timestamp = given["webhook-id"], int(given["webhook-timestamp"])
        signatures = given["webhook-signature"].split()
        key = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    except (KeyError, ValueError, binascii.Error) as error:
        raise SignatureInvalid("the webhook headers are missing or cannot be read") from error
    if abs((time.time() if now is None else now) - timestamp) > tolerance_s:
        raise SignatureInvalid("the webhook is too old or too new")
    expected = hmac.digest(key, f"{message_id}.{timestamp}.".encode() + raw, hashlib.sha256)
    wanted = b"v1," + base64.b64encode(expected)
    if not any(hmac.compare_digest(signature.encode(), wanted) for signature in signatures):
        raise SignatureInvalid("no signature matches")
    return msgspec.json.decode(raw, type=Event)
