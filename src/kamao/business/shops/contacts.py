"""A buyer's contact: phone or e-mail, normalised, masked for display, keyed for look-up, sealed at rest.

Refuses to store a contact in the clear: rows hold a keyed fingerprint and sealed bytes.
"""

import re
import unicodedata
from typing import Final
from uuid import UUID

import msgspec

from kamao.business.compliance.keys import subject_key
from kamao.kernel.errors import problem
from kamao.kernel.sealing import Keyring

CONTACT_INVALID = problem(
    "contact_invalid",
    422,
    title_zh="联系方式有误",
    title_en="Contact not usable",
    detail_zh="请填写 11 位手机号或邮箱地址。",
    detail_en="Enter a mainland China mobile number of 11 digits or an e-mail address.",
)

_PHONE: Final = re.compile(r"1[3-9]\d{9}")
_EMAIL: Final = re.compile(r"[a-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@(?:[a-z0-9-]{1,63}\.)+[a-z]{2,24}")
_PASSWORD_SCOPE: Final = "shop-query-password"


class Contact(msgspec.Struct, frozen=True):
    """A normalised contact: ``kind`` is ``phone`` or ``email``."""

    kind: str
    value: str

    @property
    def masked(self) -> str:
        """Return the contact with its middle hidden."""
        if self.kind == "phone":
            return f"{self.value[:3]}****{self.value[-4:]}"
        name, _, host = self.value.partition("@")
        return f"{name[:1]}***@{host}"


def parse_contact(text: str) -> Contact | None:
    """Return the contact a person typed or pasted (full width, +86, blanks), or None where it is none."""
    folded = unicodedata.normalize("NFKC", text).strip().lower()
    digits = re.sub(r"[\s\-().]", "", folded)
    phone = re.sub(r"^(?:\+|00)?86(?=1\d{10}$)", "", digits)
    if _PHONE.fullmatch(phone):
        return Contact("phone", phone)
    if len(folded) <= 254 and _EMAIL.fullmatch(folded):
        return Contact("email", folded)
    return None


def contact_key(keyring: Keyring, contact: Contact) -> bytes:
    """Return the keyed fingerprint by which purchases, limits and block lists know a contact."""
    return subject_key(keyring, kind="contact", text=contact.value)


def password_key(keyring: Keyring, contact: Contact, password: str) -> bytes:
    """Return the keyed fingerprint of a query password together with its contact.

    A query password is chosen in a hurry on a phone, so no slow hash would make it strong. The key lives
    outside the database, so a copy of the rows alone allows no guessing; guesses at the page are limited by
    ``attempts``.
    """
    # In hexadecimal, because the fingerprint folds case and dashes away, which are part of a password.
    text = f"{contact.kind}:{contact.value}|{password.strip()}".encode().hex()
    return keyring.fingerprint(_PASSWORD_SCOPE, text)


def seal_contact(keyring: Keyring, purchase: UUID, contact: Contact) -> bytes:
    """Seal a contact for the purchase it belongs to."""
    return keyring.seal_text(purchase, f"{contact.kind}:{contact.value}")


def open_contact(keyring: Keyring, purchase: UUID, sealed: bytes) -> Contact:
    """Open what ``seal_contact`` sealed."""
    kind, _, value = keyring.open_text(purchase, bytes(sealed)).partition(":")
    return Contact(kind, value)
