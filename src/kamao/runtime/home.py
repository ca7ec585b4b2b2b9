"""The home of a node: where its database, sockets, keys, logs and backups live.

Owns the layout and the choice of the default place. Uses the standard library alone: the supervisor and the
launcher side of every command import it. Refuses nothing; it only names paths and makes folders with the
right mode.
"""

import hashlib
import os
import pwd
import tempfile
from dataclasses import dataclass
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[3]
_ASIDE = ".replaced-"
_SOCKET_PATH_BYTES_MAX = 90  # sun_path holds 108 bytes; PostgreSQL appends "/.s.PGSQL.65432.lock"


def default_home() -> Path:
    """Where a node lives: KAMAO_HOME, else the system's place for root, else the user's own."""
    named = os.environ.get("KAMAO_HOME")
    if named:
        return Path(named).expanduser().absolute()
    if os.geteuid() == 0:
        # Root's own folder is closed to the unprivileged account that PostgreSQL insists on.
        return Path("/var/lib/kamao")
    data = os.environ.get("XDG_DATA_HOME")
    if data:
        return Path(data) / "kamao"
    user_home = os.environ.get("HOME") or pwd.getpwuid(os.geteuid()).pw_dir
    return Path(user_home) / ".local" / "share" / "kamao"


@dataclass(frozen=True)
class Home:
    """Paths below one home; nothing is made until `make` is called."""

    root: Path

    @property
    def database(self) -> Path:
        return self.root / "pg"

    @property
    def run(self) -> Path:
        return self.root / "run"

    @property
    def keys(self) -> Path:
        return self.root / "keys"

    @property
    def key_file(self) -> Path:
        """Sealing and index keys (kernel.sealing.Keyring)."""
        return self.keys / "keyring.json"

    @property
    def secret_key_file(self) -> Path:
        """What signs sessions and links."""
        return self.keys / "secret-key"

    @property
    def logs(self) -> Path:
        return self.root / "logs"

    @property
    def mail(self) -> Path:
        """Mails of a node without a mail server: they hold links that sign people in."""
        return self.root / "mail"

    @property
    def backups(self) -> Path:
        return self.root / "backups"

    @property
    def static(self) -> Path:
        """Collected styles and scripts, served by the web server itself."""
        return self.root / "static"

    @property
    def demo_file(self) -> Path:
        return self.root / "demo.json"

    @property
    def state_file(self) -> Path:
        """What the running supervisor says about itself: pid, address, children."""
        return self.run / "node.json"

    @property
    def metrics(self) -> Path:
        """Counters that the processes of a node share; made anew at every start."""
        return self.run / "metrics"

    @property
    def lock_file(self) -> Path:
        """Held by the one supervisor of this home."""
        return self.run / "node.lock"

    @property
    def sockets(self) -> Path:
        """Folder of the database's socket; a short one elsewhere when the home's path is too long for a
        socket.
        """
        folder = self.run / "pg"
        if len(os.fsencode(folder)) <= _SOCKET_PATH_BYTES_MAX:
            return folder
        mark = hashlib.sha256(os.fsencode(self.root)).hexdigest()[:12]
        return Path(tempfile.gettempdir()) / f"kamao-{os.geteuid()}-{mark}"

    def key_files(self) -> dict[str, Path]:
        """Every key of this node by its name; keys that were put aside are not among them."""
        return {
            path.name: path
            for path in sorted(self.keys.glob("*"))
            if path.is_file() and _ASIDE not in path.name
        }

    def make(self) -> None:
        """Make the folders. Others pass through to the database; the rest is the owner's alone."""
        self.root.mkdir(parents=True, exist_ok=True, mode=0o755)
        self.run.mkdir(exist_ok=True, mode=0o755)
        for private in (self.keys, self.logs, self.mail, self.backups):
            private.mkdir(exist_ok=True, mode=0o700)
            private.chmod(0o700)


def write_private(path: Path, content: bytes, *, mode: int = 0o600) -> None:
    """Write a file in one step, readable by its owner alone (or as `mode` says), and durable."""
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    unfinished.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
