"""One child process of the supervisor: how it is started, watched, restarted and stopped.

Owns the backoff of a crashing child. Uses the standard library alone.
"""

import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from kamao.runtime.processes import die_with_parent, started_ticks

_BACKOFF_FIRST_S = 0.2
_BACKOFF_MAX_S = 10.0
_STEADY_AFTER_S = 30.0
"""A child that ran this long had started well: its next crash begins a new series."""
_LOG_BYTES_MAX = 20_000_000


def rotate(log: Path, *, bytes_max: int = _LOG_BYTES_MAX) -> None:
    """Keep one earlier part of a log that has grown too long; the writer keeps its open file."""
    if log.exists() and log.stat().st_size > bytes_max:
        log.with_suffix(".log.1").write_bytes(log.read_bytes())
        os.truncate(log, 0)


def spawn(command: Sequence[str], *, log: Path, environment: Mapping[str, str]) -> "subprocess.Popen[bytes]":
    """Start a process in a session of its own (the terminal's Ctrl-C is for the supervisor), tied to our
    life.
    """
    parent = os.getpid()
    rotate(log)
    with log.open("ab") as output:
        return subprocess.Popen(
            list(command),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env=dict(environment),
            start_new_session=True,
            preexec_fn=lambda: die_with_parent(expected_parent=parent),  # noqa: PLW1509  one thread only
        )


@dataclass
class Child:
    """A process that must always run."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    log: Path
    stop_grace_s: float = 15.0
    process: "subprocess.Popen[bytes] | None" = None
    restarts: int = 0
    _started_at: float = 0.0
    _crashes: int = 0
    _wait_until: float = field(default=0.0)

    def start(self) -> None:
        """Start it now."""
        self.process = spawn(self.command, log=self.log, environment=self.environment)
        self._started_at = time.monotonic()

    def tend(self) -> bool:
        """Notice a crash, and start again when its pause is over; true when the set of processes changed."""
        now = time.monotonic()
        if self.process is not None:
            if self.process.poll() is None:
                return False
            self._crashes = 1 if now - self._started_at > _STEADY_AFTER_S else self._crashes + 1
            self._wait_until = now + min(_BACKOFF_FIRST_S * 2 ** (self._crashes - 1), _BACKOFF_MAX_S)
            self.process = None
            return True
        if now < self._wait_until:
            return False
        self.restarts += 1
        self.start()
        return True

    def stop(self) -> None:
        """Ask it to end."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)

    def wait_stopped(self) -> None:
        """Wait for its end; kill it when its grace is over."""
        if self.process is None:
            return
        try:
            self.process.wait(self.stop_grace_s)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def identity(self) -> dict[str, int | str | None]:
        """What a later `up` or `down` needs to know it again: number and start time."""
        pid = self.process.pid if self.process is not None else None
        return {"name": self.name, "pid": pid, "ticks": started_ticks(pid) if pid is not None else None}
