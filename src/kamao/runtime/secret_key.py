"""The key that signs sessions and links: a file in the home, never in the database or a backup.

Owns that one file. Uses the standard library alone, because the supervisor makes it before anything else
starts.
"""

import secrets

from kamao.runtime.home import Home, write_private


class NoSecretKey(Exception):
    """The home has no signing key yet; the message says what the person can do."""


def read_secret_key(home: Home) -> str:
    """The signing key. Raises NoSecretKey for a folder that is not the home of a node."""
    try:
        return home.secret_key_file.read_text().strip()
    except FileNotFoundError as error:
        raise NoSecretKey(
            f"{home.root} is not the home of a node yet: start it once with ./kamao up"
        ) from error


def make_secret_key(home: Home) -> None:
    """Make the signing key when there is none; losing it only signs people out."""
    if not home.secret_key_file.exists():
        write_private(home.secret_key_file, secrets.token_urlsafe(48).encode())
