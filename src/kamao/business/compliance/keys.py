"""Keyed hashes of subjects: contact, address, device, target. Owns normalisation; refuses to return what it
was given.

The text is folded by kind and hexadecimal before it meets the keyring's fingerprint, whose own folding
(made for codes) would take `a-b@x` and `ab@x` for one.
"""

import ipaddress
import re
import unicodedata
from typing import Final, Literal

from kamao.kernel.sealing import Keyring

SubjectKind = Literal["contact", "address", "device", "target"]
SUBJECT_KINDS: Final[tuple[SubjectKind, ...]] = ("contact", "address", "device", "target")
_MOBILE: Final = re.compile(r"1[3-9][0-9]{9}")
_PHONE: Final = re.compile(r"(?:\+?86|0086)?(1[3-9][0-9]{9})")


def fold_contact(text: str) -> str:
    """A phone number as 11 digits, an e-mail address in lower case; anything else in lower case."""
    folded = unicodedata.normalize("NFKC", text).strip().lower()
    phone = _PHONE.fullmatch(re.sub(r"[\s\-().]", "", folded))
    return phone[1] if phone else re.sub(r"[\s\u200b-\u200d\u2060\ufeff]", "", folded)


def is_mobile(folded: str) -> bool:
    """Whether a folded contact is a mobile number of mainland China."""
    return _MOBILE.fullmatch(folded) is not None


def fold_address(text: str) -> str:
    """An IPv4 address as it is, an IPv6 address as its /64: one household, one subject."""
    try:
        address = ipaddress.ip_address(text.strip())
    except ValueError:
        return text.strip().lower()
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return str(address.ipv4_mapped)
        return str(ipaddress.ip_network((address, 64), strict=False))
    return str(address)


def fold(kind: SubjectKind, *, text: str) -> str:
    """The text of a subject as it is compared."""
    if kind == "address":
        return fold_address(text)
    if kind == "device":
        return text.strip()
    return fold_contact(text)


def subject_key(keyring: Keyring, *, kind: SubjectKind, text: str) -> bytes:
    """The 32-byte keyed hash of a subject."""
    return keyring.fingerprint(f"compliance-{kind}", fold(kind, text=text).encode().hex())


def window_key(keyring: Keyring, *, limit: str, subject: bytes, window: str) -> bytes:
    """The key of one counter: a limit, a subject, a window of time."""
    return keyring.fingerprint("compliance-counter", f"{limit}|{subject.hex()}|{window}".encode().hex())


def mask(text: str) -> str:
    """A hint for people: the first three and last four of a phone number, the first character of anything
    else.
    """
    folded = fold_contact(text)
    if _PHONE.fullmatch(folded):
        return f"{folded[:3]}****{folded[-4:]}"
    name, at, domain = folded.partition("@")
    if at:
        return f"{name[:1]}***@{domain}"[:40]
    return f"{folded[:1]}***{folded[-1:]}" if len(folded) > 3 else "***"
