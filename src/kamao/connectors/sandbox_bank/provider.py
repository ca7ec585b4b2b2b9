"""The payment port spoken to the sandbox bank. Owns which call stands for which act; refuses to guess."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Final
from urllib.parse import quote

import msgspec

from kamao.business.payments.port import (
    Bill,
    BillAnswer,
    Capabilities,
    CloseAnswer,
    Closed,
    CollectionOrder,
    CreateAnswer,
    Declined,
    Forged,
    NotFound,
    Notice,
    Opened,
    PaymentProvider,
    QueryAnswer,
    RefundAnswer,
    RefundOrder,
    RefundQueryAnswer,
    Unknown,
)
from kamao.connectors.sandbox_bank import mapping
from kamao.connectors.sandbox_bank.transport import (
    H_ID,
    H_SIGNATURE,
    H_TIMESTAMP,
    Credentials,
    NoAnswer,
    Transport,
)

WINDOW_S: Final = 300
CAPABILITIES: Final = Capabilities(
    close_is_final=True, refund_is_idempotent=True, signs_notices=True, is_test=True
)


class SandboxBank:
    """One account at the sandbox bank."""

    def __init__(self, credentials: Credentials) -> None:
        self._transport = Transport(credentials)

    @property
    def capabilities(self) -> Capabilities:
        """The bank's promises; it keeps them unless it is told to misbehave."""
        return CAPABILITIES

    def create(self, order: CollectionOrder, /) -> CreateAnswer:
        """Open an order; the same content under the same number gives the same order."""
        body = {
            "out_trade_no": order.number,
            "amount_minor": order.amount_minor,
            "currency": order.currency,
            "subject": order.subject,
            "expires_at": order.expires_at.isoformat(),
            "notify_url": order.notify_url,
            "return_url": order.return_url,
        }
        answer = self._order_call(
            "POST", path="/v1/orders", number=order.number, body=msgspec.json.encode(body)
        )
        return Unknown("not_found") if isinstance(answer, NotFound) else answer

    def query(self, number: str, /) -> QueryAnswer:
        """Read an order."""
        answer = self._order_call("GET", path=f"/v1/orders/{quote(number, safe='')}", number=number)
        return Unknown(answer.reason) if isinstance(answer, Declined) else answer

    def close(self, number: str, /) -> CloseAnswer:
        """Close an order; one never seen is closed as well and stays so."""
        answer = self._order_call("POST", path=f"/v1/orders/{quote(number, safe='')}/close", number=number)
        if isinstance(answer, Opened | Declined):
            return Unknown("still_open")
        return answer

    def refund(self, order: RefundOrder, /) -> RefundAnswer:
        """Refund part of a payment; a number refused before is tried anew."""
        body = {
            "refund_no": order.number,
            "payment_no": order.provider_payment_no,
            "amount_minor": order.amount_minor,
            "reason": order.reason,
        }
        answer = self._refund_call(
            "POST", path="/v1/refunds", number=order.number, body=msgspec.json.encode(body)
        )
        return Unknown("not_found") if isinstance(answer, NotFound) else answer

    def query_refund(self, number: str, /) -> RefundQueryAnswer:
        """Read a refund."""
        return self._refund_call("GET", path=f"/v1/refunds/{quote(number, safe='')}", number=number)

    def verify_notification(self, headers: Mapping[str, str], body: bytes, *, at: datetime) -> Notice:
        """Check the signature first, then the window, then the content."""
        timestamp, event_id = headers.get(H_TIMESTAMP.lower(), ""), headers.get(H_ID.lower(), "")
        signature = headers.get(H_SIGNATURE.lower(), "")
        if not self._transport.is_signed_by_bank(
            timestamp=timestamp, subject=event_id, body=body, signature=signature
        ):
            return Forged("signature")
        if abs(int(timestamp) - at.timestamp()) > WINDOW_S:
            return Forged("stale")
        return mapping.read_event(body, event_id=event_id, merchant_number=self._transport.merchant_number)

    def bill(self, day: date, /) -> BillAnswer:
        """Fetch a day's bill."""
        answer = self._transport.call("GET", path=f"/v1/bills/{day.isoformat()}")
        if isinstance(answer, NoAnswer):
            return Unknown(answer.reason, sent=answer.sent)
        if answer.status != 200:
            return Unknown(f"http_{answer.status}")
        bill: Bill | Unknown = mapping.read_bill(
            answer.body, day=day, merchant_number=self._transport.merchant_number
        )
        return bill

    def _order_call(
        self, method: str, *, path: str, number: str, body: bytes = b""
    ) -> CreateAnswer | Closed | NotFound:
        answer = self._transport.call(method, path=path, body=body)
        if isinstance(answer, NoAnswer):
            return Unknown(answer.reason, sent=answer.sent)
        if answer.status != 200:
            return mapping.read_problem(answer.body)
        return mapping.read_order(answer.body, number=number, merchant_number=self._transport.merchant_number)

    def _refund_call(self, method: str, *, path: str, number: str, body: bytes = b"") -> RefundQueryAnswer:
        answer = self._transport.call(method, path=path, body=body)
        if isinstance(answer, NoAnswer):
            return Unknown(answer.reason, sent=answer.sent)
        if answer.status != 200:
            return mapping.read_problem(answer.body)
        return mapping.read_refund(
            answer.body, number=number, merchant_number=self._transport.merchant_number
        )


def make_provider(credentials: bytes, *, base_url: str = "") -> PaymentProvider:
    """A provider from the opened credentials of an account; a `base_url` given goes before theirs."""
    opened = msgspec.json.decode(credentials, type=Credentials)
    return SandboxBank(msgspec.structs.replace(opened, base_url=base_url or opened.base_url))
