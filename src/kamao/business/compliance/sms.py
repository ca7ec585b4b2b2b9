"""Sending text messages: the port, and its sandbox twin whose outbox the demo shows.

Owns the choice of sender. Refuses to write a message or a number to any log; the twin keeps them sealed in
the database.
"""

from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

import msgspec

from kamao.business.compliance.keys import mask
from kamao.business.compliance.models import SandboxMessage
from kamao.kernel.ids import new_uuid7
from kamao.kernel.sealing import Keyring

KEPT = timedelta(days=1)


class TextMessage(msgspec.Struct, frozen=True):
    """A message to one phone; `reference` is the row that caused it."""

    phone: str
    text: str
    reference: UUID


class SmsSender(Protocol):
    """A licensed sender of text messages."""

    def send(self, message: TextMessage, *, at: datetime) -> bool:
        """Hand a message over; False when the sender did not take it."""
        ...


class Shown(msgspec.Struct, frozen=True):
    """A sandbox message as the demo shows it."""

    hint: str
    text: str
    created_at: datetime


class SandboxSms:
    """The twin: nothing leaves the machine; messages can be read on the demo's pages."""

    def __init__(self, keyring: Keyring) -> None:
        self._keyring = keyring

    def send(self, message: TextMessage, *, at: datetime) -> bool:
        """Keep the message for a day."""
        row = new_uuid7()
        SandboxMessage.objects.create(
            id=row,
            hint=mask(message.phone),
            reference=message.reference,
            text_sealed=self._keyring.seal_text(row, message.text),
            created_at=at,
        )
        SandboxMessage.objects.filter(created_at__lt=at - KEPT).delete()
        return True


_CHOSEN: dict[str, SmsSender] = {}


def choose_sender(sender: SmsSender) -> None:
    """Use a real sender in this process; called once by whoever wires the node."""
    _CHOSEN["sender"] = sender


def sender(*, keyring: Keyring) -> SmsSender:
    """The sender in use: the chosen one, else the sandbox twin."""
    return _CHOSEN.get("sender") or SandboxSms(keyring)


def is_sandbox() -> bool:
    """Whether messages go to the twin, so that pages may show them."""
    return "sender" not in _CHOSEN


def sandbox_message(reference: UUID, *, keyring: Keyring) -> Shown | None:
    """What the twin "sent" for a phone code, for the page that is waiting for it; None with a real sender."""
    if not is_sandbox():
        return None
    row = SandboxMessage.objects.filter(reference=reference).order_by("-created_at").first()
    return None if row is None else _shown(row, keyring=keyring)


def sandbox_outbox(*, keyring: Keyring, limit: int = 20) -> list[Shown]:
    """The twin's newest messages, for the operator's demo page; empty with a real sender."""
    if not is_sandbox():
        return []
    return [
        _shown(row, keyring=keyring) for row in SandboxMessage.objects.order_by("-created_at", "-id")[:limit]
    ]


def _shown(row: SandboxMessage, *, keyring: Keyring) -> Shown:
    return Shown(row.hint, keyring.open_text(row.id, bytes(row.text_sealed)), row.created_at)
