"""The bank's keys and its customers' secrets, made once and kept in the bank's home.

Owns: `credentials.json` (mode 0600: merchants' numbers and secrets, the bank's public key, the control
token) and `bank.key`. Refuses: to make new ones while the old exist, or to print any.
"""

import base64
import fcntl
import os
import secrets
from pathlib import Path

import msgspec
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey


class MerchantSecret(msgspec.Struct):
    """One customer of the bank: its number and the secret of its requests."""

    number: str
    secret: str


class Credentials(msgspec.Struct):
    """What `credentials.json` holds; `public_key` is the bank's Ed25519 key, raw, base64."""

    public_key: str
    control_token: str
    merchants: dict[str, MerchantSecret]


def _write_private(path: Path, content: bytes) -> None:
    temporary = path.with_suffix(".tmp")
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)


def open_credentials(home: Path, *, merchants: list[str]) -> tuple[Credentials, Ed25519PrivateKey]:
    """The bank's key and credentials in `home`, made on first use; merchants not known yet are added.

    Safe when the bank and whoever enrols at it do so at once: a file lock lets one of them go first.
    """
    home.mkdir(parents=True, exist_ok=True, mode=0o700)
    with (home / "credentials.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        return _open_credentials(home, merchants=merchants)


def _open_credentials(home: Path, *, merchants: list[str]) -> tuple[Credentials, Ed25519PrivateKey]:
    key_path, credentials_path = home / "bank.key", home / "credentials.json"
    if not key_path.exists():
        fresh = Ed25519PrivateKey.generate()
        raw = serialization.Encoding.Raw, serialization.PrivateFormat.Raw, serialization.NoEncryption()
        _write_private(key_path, base64.b64encode(fresh.private_bytes(*raw)))
    key = Ed25519PrivateKey.from_private_bytes(base64.b64decode(key_path.read_bytes()))
    public = key.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    if credentials_path.exists():
        credentials = msgspec.json.decode(credentials_path.read_bytes(), type=Credentials)
    else:
        credentials = Credentials(base64.b64encode(public).decode(), secrets.token_urlsafe(24), {})
    missing = [name for name in merchants if name not in credentials.merchants]
    for name in missing:
        credentials.merchants[name] = MerchantSecret(
            f"SB{secrets.randbelow(10**8):08d}", secrets.token_urlsafe(32)
        )
    if missing or not credentials_path.exists():
        _write_private(credentials_path, msgspec.json.format(msgspec.json.encode(credentials), indent=1))
    return credentials, key
