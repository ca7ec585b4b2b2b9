"""The keyring file of a node, held against what its database was sealed with.

Owns the rule that a missing or foreign keyring of a node with sealed data stops the start and is never
replaced in silence. The database knows the ids of the keys it was sealed with (table `worker_sealing_key`),
never a key.
"""

from pathlib import Path

from django.db import connection

from kamao.kernel.sealing import KeyMissing, Keyring
from kamao.runtime.home import write_private

_REMEMBER = "INSERT INTO worker_sealing_key (key_id) SELECT unnest(%s::text[]) ON CONFLICT DO NOTHING"


class KeysUnusable(Exception):
    """The key file does not fit this node's data; the message says what the person can do."""


def make_keyring(path: Path) -> None:
    """Make a fresh keyring file; the caller has made sure that no sealed data exists."""
    write_private(path, Keyring.generate().to_bytes())


def ids_of(ring: Keyring) -> frozenset[str]:
    """Ids of all keys of a ring: sealing keys, and the duplicate index's as `index:…`."""
    return ring.key_ids | {f"index:{ring.index_key_id}"}


def known_ids() -> frozenset[str]:
    """Ids of all keys that this database's data was ever sealed with."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT key_id FROM worker_sealing_key")
        return frozenset(row[0] for row in cursor.fetchall())


def ensure_keyring(path: Path) -> None:
    """Make the key file of a new node; for any other, check that it holds every key the data needs.

    Raises KeysUnusable with what to do; never changes an existing file.
    """
    needed = known_ids()
    if not path.exists():
        if needed:
            raise KeysUnusable(
                f"the key file {path} is missing, but this database holds data sealed with it."
                " Bring it back with './kamao restore-keys FILE' (or copy it from where the node ran before);"
                " nothing was changed."
            )
        make_keyring(path)
    try:
        ring = Keyring.load(path)
    except KeyMissing as error:
        raise KeysUnusable(
            f"the key file {path} cannot be used: {error}. Bring it back with './kamao restore-keys FILE'."
        ) from error
    missing = needed - ids_of(ring)
    if missing:
        raise KeysUnusable(
            f"the key file {path} lacks keys {', '.join(sorted(missing))}, with which data here was sealed."
            " It is the key file of another node, or an old copy; bring the right one with"
            " './kamao restore-keys FILE'."
        )
    with connection.cursor() as cursor:
        cursor.execute(_REMEMBER, [sorted(ids_of(ring))])
