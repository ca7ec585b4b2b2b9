"""The sealed bundle of a node's keys: what `backup-keys` writes and `restore-keys` reads.

Owns its form: one JSON file whose secret part is AES-256-GCM under a key derived from a passphrase with
scrypt (RFC 7914, N=2^17, r=8, p=1: about 128 MiB and a quarter of a second per guess). The readable part is
authenticated too.
"""

import base64
import os
from collections.abc import Mapping

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

FORMAT = "kamao-keys/1"
PASSPHRASE_LETTERS_MIN = 12
_COST = 2**17


class BundleUnreadable(Exception):
    """The bundle or the passphrase is wrong; which of both cannot be told."""


class _Bundle(msgspec.Struct, forbid_unknown_fields=True):
    format: str
    salt: str
    nonce: str
    sealed: str


def _key(passphrase: str, salt: bytes) -> bytes:
    return Scrypt(salt=salt, length=32, n=_COST, r=8, p=1).derive(passphrase.encode())


def seal(files: Mapping[str, bytes], *, passphrase: str) -> bytes:
    """The bundle of these files (name to content)."""
    salt, nonce = os.urandom(16), os.urandom(12)
    plain = msgspec.json.encode({name: base64.b64encode(content).decode() for name, content in files.items()})
    sealed = AESGCM(_key(passphrase, salt)).encrypt(nonce, plain, FORMAT.encode() + salt)
    parts = [base64.b64encode(part).decode() for part in (salt, nonce, sealed)]
    return msgspec.json.format(msgspec.json.encode(_Bundle(FORMAT, *parts)), indent=1)


def open_bundle(content: bytes, *, passphrase: str) -> dict[str, bytes]:
    """The files of a bundle. Raises BundleUnreadable."""
    try:
        bundle = msgspec.json.decode(content, type=_Bundle)
        salt, nonce, sealed = (base64.b64decode(part) for part in (bundle.salt, bundle.nonce, bundle.sealed))
        if bundle.format != FORMAT:
            raise BundleUnreadable(f"this is not a bundle of Kamao's keys ({FORMAT})")
        plain = AESGCM(_key(passphrase, salt)).decrypt(nonce, sealed, FORMAT.encode() + salt)
    except InvalidTag as error:
        raise BundleUnreadable("the passphrase is wrong, or the bundle is damaged") from error
    except (msgspec.DecodeError, ValueError) as error:
        raise BundleUnreadable(f"this is not a bundle of Kamao's keys ({FORMAT})") from error
    return {
        name: base64.b64decode(text) for name, text in msgspec.json.decode(plain, type=dict[str, str]).items()
    }
