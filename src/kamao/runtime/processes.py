"""Small facts about processes that the supervisor and its children share.

Owns the tie between a child and its parent (Linux' parent-death signal), and the identity of a process beyond
its number: a pid alone may have been given to somebody else since.
"""

import ctypes
import os
import signal
import sys
from pathlib import Path

_PR_SET_PDEATHSIG = 1


def die_with_parent(*, by: signal.Signals = signal.SIGKILL, expected_parent: int | None = None) -> None:
    """Ask the kernel to send this process a signal when its parent dies, however the parent dies.

    Elsewhere than on Linux nothing happens: there the next `up` cleans up by the recorded process ids.
    `expected_parent` closes the gap in which the parent died before the request.
    """
    if not sys.platform.startswith("linux"):
        return
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(_PR_SET_PDEATHSIG, by, 0, 0, 0)
    if expected_parent is not None and os.getppid() != expected_parent:
        os.kill(os.getpid(), by)


def started_ticks(pid: int) -> int | None:
    """When a process started, in the kernel's ticks since boot; None when there is no such process."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return None
    # The second field is the name in parentheses and may hold spaces; the start time is the 22nd field.
    fields = stat[stat.rindex(")") + 2 :].split()
    if fields[0] in {"Z", "X"}:
        return None
    return int(fields[19])


def is_same_process(pid: int, ticks: int | None) -> bool:
    """Whether the process that once had this pid and start time still runs."""
    return ticks is not None and started_ticks(pid) == ticks
