"""What this node's settings say about webhooks: the guard and the keyring.

Owns the reading of settings; everything else of the package takes both as arguments. Refuses to keep a stale keyring:
the file's time of change is looked at, because keys are rotated while processes run.
"""

import functools
from pathlib import Path

from django.conf import settings

from kamao.business.webhooks.guard import AddressGuard
from kamao.kernel.sealing import Keyring


def node_guard() -> AddressGuard:
    """The guard of this node; only a start-up setting lets calls to the node's own machine pass."""
    return AddressGuard(allow_loopback=settings.KAMAO_ALLOW_LOOPBACK)


def node_keyring() -> Keyring:
    """The node's keyring. Raises KeyMissing where its file is absent."""
    path = Path(settings.KAMAO_KEY_FILE)
    try:
        changed_ns = path.stat().st_mtime_ns
    except FileNotFoundError:
        changed_ns = 0
    return _load(path, changed_ns)


@functools.lru_cache(maxsize=2)
def _load(path: Path, _changed_ns: int) -> Keyring:
    return Keyring.load(path)
