"""The node's keys on disk: the secret key that signs sessions, and the keyring that seals codes.

Owns their files and the rule that a missing keyring of a node with sealed data is never replaced in silence. The database
and every backup are without them.
"""

import secrets
from pathlib import Path

from kamao.kernel.sealing import Keyring
from kamao.runtime.home import Home, write_private


class KeysUnusable(Exception):
    """The key files do not fit this node's data; the message says what the person can do."""


def read_secret_key(home: Home) -> str:
    """The key that signs sessions and links. Raises KeysUnusable when the home has none yet."""
    try:
        return home.secret_key_file.read_text().strip()
    except FileNotFoundError as error:
        raise KeysUnusable(f"{home.root} is not the home of a node yet: start it once with ./kamao up") from error


def make_secret_key(home: Home) -> None:
    """Make the signing key when there is none; losing it only signs people out."""
    if not home.secret_key_file.exists():
        write_private(home.secret_key_file, secrets.token_urlsafe(48).encode())


def make_keyring(path: Path) -> None:
    """Make a fresh keyring file; the caller has made sure that no sealed data exists."""
    write_private(path, Keyring.generate().to_bytes())
