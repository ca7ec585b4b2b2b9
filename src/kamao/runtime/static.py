"""Collected static files: every app's styles and scripts in one folder of the home, named by their content.

Owns the decision whether they must be collected again; `static_files` sends them.
"""

import hashlib
import shutil
from pathlib import Path

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.contrib.staticfiles.storage import ManifestStaticFilesStorage
from django.core.management import call_command


def _fingerprint() -> str:
    """Changes whenever a file is added, removed or written."""
    total = hashlib.sha256()
    for finder in get_finders():
        for path, storage in finder.list([]):
            stat = Path(storage.path(path)).stat()
            total.update(f"{path}|{stat.st_size}|{stat.st_mtime_ns}\n".encode())
    return total.hexdigest()


class ContentNamedStorage(ManifestStaticFilesStorage):
    """Names files by content; tolerates what third-party styles refer to but do not ship (source maps,
    mostly).
    """

    manifest_strict = False

    def hashed_name(self, name: str, content: object = None, filename: str | None = None) -> str:
        try:
            return str(super().hashed_name(name, content, filename))  # type: ignore[arg-type]
        except ValueError:
            return name


def collect_static() -> bool:
    """Collect when something changed since the last time; true when it was done."""
    root = Path(settings.STATIC_ROOT)
    stamp = root / ".fingerprint"
    wanted = _fingerprint()
    if stamp.exists() and stamp.read_text() == wanted and (root / "staticfiles.json").exists():
        return False
    shutil.rmtree(root, ignore_errors=True)
    call_command("collectstatic", interactive=False, verbosity=0, clear=False)
    stamp.write_text(wanted)
    return True
