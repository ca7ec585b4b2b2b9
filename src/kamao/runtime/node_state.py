"""What a running node writes about itself into its home, and what others may conclude from it.

Owns `run/node.json` and `run/node.lock`. Uses the standard library alone.
"""

import fcntl
import json
import os
import signal
import time
from dataclasses import asdict, dataclass, field
from typing import IO

from kamao.runtime.home import Home, write_private
from kamao.runtime.processes import is_same_process, started_ticks


class AlreadyRunning(Exception):
    """Another supervisor holds this home."""


@dataclass
class NodeState:
    """The supervisor (pid and start time), the address it serves, and its children."""

    pid: int
    ticks: int | None
    base_url: str
    ready: bool = False
    children: list[dict[str, int | str | None]] = field(default_factory=list)

    def write(self, home: Home) -> None:
        """Record this state."""
        write_private(home.state_file, json.dumps(asdict(self)).encode(), mode=0o644)

    def is_alive(self) -> bool:
        """Whether that supervisor still runs."""
        return is_same_process(self.pid, self.ticks)


def read_state(home: Home) -> NodeState | None:
    """The last recorded state; None when there is none or it cannot be read."""
    try:
        return NodeState(**json.loads(home.state_file.read_text()))
    except (FileNotFoundError, json.JSONDecodeError, TypeError):
        return None


def own_state(base_url: str) -> NodeState:
    """The state of the calling supervisor."""
    return NodeState(pid=os.getpid(), ticks=started_ticks(os.getpid()), base_url=base_url)


def take_home(home: Home) -> IO[str]:
    """Become the one supervisor of this home; the lock ends with the process, however it ends.

    Raises AlreadyRunning.
    """
    lock = home.lock_file.open("w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.close()
        state = read_state(home)
        where = f" at {state.base_url} (pid {state.pid})" if state else ""
        raise AlreadyRunning(
            f"this home is already served{where}; './kamao down --home {home.root}' stops it"
        ) from None
    return lock


def end_leftovers(home: Home, *, timeout_s: float = 10.0) -> None:
    """End children of a supervisor that was killed, should the kernel not have done so already."""
    state = read_state(home)
    if state is None:
        return
    left = [(child["pid"], child["ticks"]) for child in state.children if child["pid"] is not None]
    deadline = time.monotonic() + timeout_s
    for pid, ticks in left:
        if isinstance(pid, int) and isinstance(ticks, int) and is_same_process(pid, ticks):
            os.kill(pid, signal.SIGKILL)
            while is_same_process(pid, ticks) and time.monotonic() < deadline:
                time.sleep(0.01)
