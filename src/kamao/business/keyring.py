"""The node's keyring for business code: read once per process from the key file that the settings name.

Refuses to make one: a missing file stops whoever asks, with the reason.
"""

from functools import lru_cache
from pathlib import Path

from django.conf import settings

from kamao.kernel.sealing import Keyring


@lru_cache(maxsize=4)
def _load(path: Path, modified_ns: int) -> Keyring:
    return Keyring.load(path)


def node_keyring() -> Keyring:
    """The keyring in force; a rotated file is noticed by its time. Raises KeyMissing with what to do."""
    path = Path(settings.KAMAO_KEY_FILE)
    return _load(path, path.stat().st_mtime_ns if path.exists() else 0)
