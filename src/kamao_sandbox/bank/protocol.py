r"""What the sandbox bank and its customers agree on: names, shapes, signatures.

Owns: header names, the two signatures, the shapes on the wire. Refuses: any state.

Requests of a merchant carry an HMAC-SHA256 under the merchant's secret over `method \n path-with-query \n
timestamp \n nonce \n body`. Answers and notifications of the bank carry an Ed25519 signature under the
bank's key over `timestamp \n id \n body`, where the id is the request's nonce for an answer and the event
id for a notification. Timestamps are whole Unix seconds; both sides refuse more than five minutes of
difference. Amounts are integer minor units. Times are RFC 3339 in UTC.
"""

import base64
import hashlib
import hmac
from datetime import UTC, datetime

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

H_MERCHANT = "Sandbox-Bank-Merchant"
H_TIMESTAMP = "Sandbox-Bank-Timestamp"
H_ID = "Sandbox-Bank-Id"
H_SIGNATURE = "Sandbox-Bank-Signature"
WINDOW_S = 300


class Request(msgspec.Struct, forbid_unknown_fields=True):
    """Base of what a merchant may send: unknown fields are refused."""


class CreateOrder(Request):
    """A collection order; idempotent by `out_trade_no`: the same content is answered again, other content
    refused.
    """

    out_trade_no: str
    amount_minor: int
    currency: str
    subject: str
    expires_at: datetime
    notify_url: str = ""
    return_url: str = ""


class CreateRefund(Request):
    """A refund of part or all of one payment; idempotent by `refund_no`."""

    refund_no: str
    payment_no: str
    amount_minor: int
    reason: str = ""


class PaymentView(msgspec.Struct):
    """One sum of money that really arrived at the bank."""

    payment_no: str
    amount_minor: int
    currency: str
    paid_at: str
    refunded_minor: int


class OrderView(msgspec.Struct):
    """An order as the bank sees it; `payments` may hold more than one, or another amount than was asked."""

    out_trade_no: str
    bank_order_no: str
    merchant: str
    state: str
    amount_minor: int
    currency: str
    expires_at: str
    pay_url: str
    payments: list[PaymentView]


class RefundView(msgspec.Struct):
    """A refund as the bank sees it: `processing`, `done` or `refused`."""

    refund_no: str
    payment_no: str
    out_trade_no: str
    merchant: str
    state: str
    amount_minor: int
    currency: str
    decided_at: str | None
    refusal: str


class Event(msgspec.Struct):
    """Body of a notification: `payment.succeeded`, `refund.done` or `refund.refused`."""

    id: str
    type: str
    merchant: str
    created_at: str
    out_trade_no: str
    payment: PaymentView | None = None
    refund: RefundView | None = None


class Problem(msgspec.Struct):
    """An error: a stable code and a sentence."""

    code: str
    detail: str


def rfc3339(at_ms: int) -> str:
    """The instant `at_ms` (Unix milliseconds) as RFC 3339 in UTC with milliseconds."""
    return (
        datetime.fromtimestamp(at_ms / 1000, tz=UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    )


def request_signature(*, secret: str, method: str, path: str, timestamp: str, nonce: str, body: bytes) -> str:
    """The HMAC a merchant puts on a request, as lower-case hex."""
    head = f"{method}\n{path}\n{timestamp}\n{nonce}\n".encode()
    return hmac.new(secret.encode(), head + body, hashlib.sha256).hexdigest()


def request_is_genuine(*, expected: str, given: str) -> bool:
    """Compare two request signatures in constant time."""
    return hmac.compare_digest(expected.encode(), given.encode("utf-8", "replace"))


def sign(key: Ed25519PrivateKey, *, timestamp: str, subject: str, body: bytes) -> str:
    """The bank's signature over an answer or a notification, base64."""
    return base64.b64encode(key.sign(f"{timestamp}\n{subject}\n".encode() + body)).decode()


def signature_is_genuine(
    public: Ed25519PublicKey, *, timestamp: str, subject: str, body: bytes, signature: str
) -> bool:
    """Whether `signature` is the bank's over these bytes; malformed base64 is simply not genuine."""
    try:
        public.verify(base64.b64decode(signature, validate=True), f"{timestamp}\n{subject}\n".encode() + body)
    except (InvalidSignature, ValueError):
        return False
    return True
