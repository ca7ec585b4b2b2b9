"""The mark that a database was prepared by exactly this build, so that a warm start need not look again.

Owns one small file inside the embedded database's folder: it goes with the data when that is replaced.
Anything that differs (one file of the build, the number of applied migrations, the keys) means that
everything is looked at again.
"""

import hashlib
import json
import os
from pathlib import Path

from kamao.runtime.home import CHECKOUT, Home, write_private


def build_fingerprint() -> str:
    """Changes whenever any file of the application or the locked packages change."""
    total = hashlib.sha256((CHECKOUT / "requirements.lock").read_bytes())
    for folder, names, files in os.walk(CHECKOUT / "src" / "kamao"):
        names[:] = sorted(name for name in names if name != "__pycache__")
        for name in sorted(files):
            stat = Path(folder, name).stat()
            total.update(f"{folder}/{name}|{stat.st_size}|{stat.st_mtime_ns}\n".encode())
    return total.hexdigest()


def _file(home: Home) -> Path:
    return home.database.resolve() / "kamao-prepared.json"


def read_mark(home: Home) -> dict[str, object]:
    """What was prepared last; empty when nothing was."""
    try:
        found: dict[str, object] = json.loads(_file(home).read_text())
    except (FileNotFoundError, json.JSONDecodeError):
        return {}
    return found


def write_mark(home: Home, **facts: object) -> None:
    """Remember that this build prepared this database."""
    write_private(_file(home), json.dumps({"build": build_fingerprint(), **facts}).encode())


def forget(home: Home) -> None:
    """Look again at the next start."""
    _file(home).unlink(missing_ok=True)
