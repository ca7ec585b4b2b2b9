"""The parent of a node: starts the database, prepares it, starts web, worker and the sandbox bank, and keeps
them running.

Owns order and life: what is started when, what is restarted, how all of it stops. Uses the standard library
alone and imports no part of the application, so that it stays small and cannot be taken down by it. Children
die with it by the kernel's own hand; the database then shuts down by itself.
"""

import http.client
import os
import select
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from types import FrameType
from typing import IO

from kamao.runtime import postgres
from kamao.runtime.children import Child, rotate, spawn
from kamao.runtime.home import Home
from kamao.runtime.node_state import NodeState, end_leftovers, own_state, take_home
from kamao.runtime.plan import NodePlan
from kamao.runtime.secret_key import make_secret_key

_TEND_EVERY_S = 0.5
_READY_TIMEOUT_S = 120.0


class StartFailed(Exception):
    """The node cannot start; the message is one sentence for the person who started it."""


@dataclass
class _Database:
    """The embedded server and its process; None of both with an external database."""

    embedded: postgres.EmbeddedPostgres
    process: "subprocess.Popen[bytes]"
    restarts: int = 0
    retry_at: float = 0.0


class Supervisor:
    """Runs one node until it is told to stop."""

    def __init__(self, plan: NodePlan) -> None:
        self.plan = plan
        self.home: Home = plan.home
        self._database: _Database | None = None
        self._children: list[Child] = []
        self._state: NodeState = own_state(plan.base_url)
        self._stopping = False
        self._lock: IO[str] | None = None
        self._wake_read, self._wake_write = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)

    # -- life
    # ---------------------------------------------------------------------------------------------------------

    def run(self) -> int:
        """Start everything, watch it, stop it; returns the exit code."""
        self.home.make()
        self._lock = take_home(self.home)
        self._catch_signals()
        # From here on this home is ours alone.
        end_leftovers(self.home)
        make_secret_key(self.home)
        shutil.rmtree(self.home.metrics, ignore_errors=True)
        self.home.metrics.mkdir()
        try:
            self._start_database()
            if self.plan.demo:
                self._start_bank()
            self._run_step("prepare", ["-m", "kamao.runtime.bring_up"])
            self._start_processes()
            self._watch_until_stopped()
        except _Stopped:
            pass
        finally:
            self._stop_everything()
        return 0

    def _catch_signals(self) -> None:
        signal.set_wakeup_fd(self._wake_write, warn_on_full_buffer=False)
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, self._asked_to_stop)
        signal.signal(signal.SIGCHLD, lambda *_: None)

    def _asked_to_stop(self, number: int, frame: FrameType | None) -> None:
        self._stopping = True

    def _pause(self, timeout_s: float) -> None:
        """Sleep until a signal arrives (a child ended, or somebody wants us to stop) or the time is over."""
        select.select([self._wake_read], [], [], timeout_s)
        try:
            while os.read(self._wake_read, 512):
                pass
        except BlockingIOError:
            pass
        if self._stopping:
            raise _Stopped

    # -- starting
    # -----------------------------------------------------------------------------------------------------

    def _start_database(self) -> None:
        if self.plan.external_database:
            return
        embedded = postgres.EmbeddedPostgres.locate(self.home, connections_max=self.plan.connections_max)
        if embedded.prepare_folder():
            print("kamao: a new database was prepared.", file=sys.stderr, flush=True)
        rotate(embedded.log)
        self._database = _Database(embedded, embedded.start())
        self._record()
        embedded.wait_ready(self._database.process)

    def _run_step(self, name: str, command: list[str]) -> None:
        """Run a set-up process to its end; its last words are ours when it fails."""
        log = self.home.logs / f"{name}.log"
        size = log.stat().st_size if log.exists() else 0
        process = spawn([sys.executable, *command], log=log, environment=self.plan.environment(name))
        try:
            while process.poll() is None:
                self._pause(_TEND_EVERY_S)
        except _Stopped:
            process.terminate()
            process.wait()
            raise
        if process.returncode != 0:
            said = log.read_bytes()[min(size, log.stat().st_size) :].decode(errors="replace").strip()
            raise StartFailed(_last_words(said) if said else f"{name} failed; see {log}")

    def _start_bank(self) -> None:
        command = [sys.executable, "-m", "kamao_sandbox.bank", *self.plan.bank_arguments()]
        self._start_child("bank", command)

    def _start_processes(self) -> None:
        web = [
            "-m",
            "kamao.runtime.web",
            "--host",
            self.plan.host,
            "--port",
            str(self.plan.port),
            "--workers",
            str(self.plan.web_workers),
        ]
        self._start_child("web", [sys.executable, *web])
        self._start_child("worker", [sys.executable, "-m", "kamao.worker"])
        if self.plan.live_demo:
            self._start_child("live-demo", [sys.executable, "-m", "kamao.runtime.live_demo"])
        self._record()

    def _start_child(self, name: str, command: list[str]) -> None:
        child = Child(name, command, self.plan.environment(name), self.home.logs / f"{name}.log")
        child.start()
        self._children.append(child)
        self._record()

    # -- watching
    # -----------------------------------------------------------------------------------------------------

    def _watch_until_stopped(self) -> None:
        deadline = time.monotonic() + _READY_TIMEOUT_S
        checked_logs_at = time.monotonic()
        while True:
            self._pause(0.05 if not self._state.ready else _TEND_EVERY_S)
            changed = self._tend_database()
            for child in self._children:
                changed = child.tend() or changed
            if changed:
                self._record()
            if not self._state.ready:
                self._look_for_readiness(deadline)
            if time.monotonic() - checked_logs_at > 60:
                checked_logs_at = time.monotonic()
                for log in self.home.logs.glob("*.log"):
                    rotate(log)

    def _tend_database(self) -> bool:
        """Start the database again when it ended; PostgreSQL recovers by itself from its log."""
        database = self._database
        if database is None or database.process.poll() is None or time.monotonic() < database.retry_at:
            return False
        database.restarts += 1
        database.retry_at = time.monotonic() + min(0.5 * database.restarts, 10.0)
        database.process = database.embedded.start()
        return True

    def _look_for_readiness(self, deadline: float) -> None:
        if _answers_ready(self.plan.port):
            self._state.ready = True
            self._record()
            print(self.plan.ready_line(), flush=True)
        elif time.monotonic() > deadline:
            raise StartFailed(f"the node was not ready after {_READY_TIMEOUT_S:.0f} s; see {self.home.logs}")

    def _record(self) -> None:
        children = [child.identity() for child in self._children]
        if self._database is not None:
            children.insert(0, {"name": "postgres", "pid": self._database.process.pid, "ticks": None})
        self._state.children = children
        self._state.write(self.home)

    # -- stopping
    # -----------------------------------------------------------------------------------------------------

    def _stop_everything(self) -> None:
        """Callers first, the database last; what does not stop in its grace is killed."""
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        for child in self._children:
            child.stop()
        for child in self._children:
            child.wait_stopped()
        if self._database is not None:
            postgres.stop(self._database.process)
        self.home.state_file.unlink(missing_ok=True)


class _Stopped(Exception):
    """Somebody asked the node to stop."""


def _last_words(said: str) -> str:
    """What a set-up process said last: its sentence when it had one, else its last line."""
    sentence = said.rpartition("kamao: ")[2] if "kamao: " in said else said.splitlines()[-1]
    return " ".join(sentence.split())


def _answers_ready(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()
