"""Signed requests to the sandbox bank over httpx, and the check of its signed answers.

Owns signatures, time-outs, the size of an answer. Refuses redirects, proxies from the environment, and any
answer whose signature over our own nonce fails: that is `NoAnswer`, never an answer. The shapes are spelt
out again here and not imported from the bank, because a client must hold to the wire and not to the other
side's code.
"""

import base64
import hashlib
import hmac
import secrets
import time

import httpx
import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

H_MERCHANT = "Sandbox-Bank-Merchant"
H_TIMESTAMP = "Sandbox-Bank-Timestamp"
H_ID = "Sandbox-Bank-Id"
H_SIGNATURE = "Sandbox-Bank-Signature"
TIMEOUT_S = 8.0
ANSWER_BYTES_MAX = 64 * 1024 * 1024


class Credentials(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How to speak to the bank: its address, our number and secret, its Ed25519 public key (raw, base64)."""

    base_url: str
    merchant_number: str
    secret: str
    public_key: str
    timeout_s: float = TIMEOUT_S


class Answered(msgspec.Struct, frozen=True):
    """An authenticated answer."""

    status: int
    body: bytes


class NoAnswer(msgspec.Struct, frozen=True):
    """Nothing that can be believed; `sent` is False only where no connection came about."""

    reason: str
    sent: bool


class Transport:
    """A connection pool to one bank for one merchant number. Safe under threads."""

    def __init__(self, credentials: Credentials) -> None:
        self._credentials = credentials
        self._public = Ed25519PublicKey.from_public_bytes(base64.b64decode(credentials.public_key))
        self._client = httpx.Client(
            base_url=credentials.base_url,
            timeout=httpx.Timeout(credentials.timeout_s, connect=3.0),
            follow_redirects=False,
            trust_env=False,
        )

    @property
    def merchant_number(self) -> str:
        """Our number at the bank."""
        return self._credentials.merchant_number

    def call(self, method: str, /, *, path: str, body: bytes = b"") -> Answered | NoAnswer:
        """Send one signed request and return its authenticated answer."""
        timestamp, nonce = str(int(time.time())), secrets.token_hex(16)
        head = f"{method}\n{path}\n{timestamp}\n{nonce}\n".encode()
        signature = hmac.new(self._credentials.secret.encode(), head + body, hashlib.sha256).hexdigest()
        headers = {
            H_MERCHANT: self.merchant_number,
            H_TIMESTAMP: timestamp,
            H_ID: nonce,
            H_SIGNATURE: signature,
            "Content-Type": "application/json",
        }
        try:
            answer = self._client.request(method, path, content=body, headers=headers)
        except httpx.ConnectError:
            return NoAnswer("unreachable", sent=False)
        except httpx.TimeoutException as error:
            return NoAnswer("timeout", sent=not isinstance(error, httpx.ConnectTimeout | httpx.PoolTimeout))
        except httpx.HTTPError:
            return NoAnswer("broken", sent=True)
        if answer.status_code >= 500 or len(answer.content) > ANSWER_BYTES_MAX:
            return NoAnswer(f"http_{answer.status_code}", sent=True)
        given = {name: answer.headers.get(name, "") for name in (H_TIMESTAMP, H_SIGNATURE)}
        if not self.is_signed_by_bank(
            timestamp=given[H_TIMESTAMP], subject=nonce, body=answer.content, signature=given[H_SIGNATURE]
        ):
            return NoAnswer("bad_signature", sent=True)
        return Answered(answer.status_code, answer.content)

    def is_signed_by_bank(self, *, timestamp: str, subject: str, body: bytes, signature: str) -> bool:
        """Whether these bytes carry the bank's signature for this subject (a nonce or an event id)."""
        try:
            raw = base64.b64decode(signature, validate=True)
            self._public.verify(raw, f"{timestamp}\n{subject}\n".encode() + body)
        except (InvalidSignature, ValueError):
            return False
        return True
