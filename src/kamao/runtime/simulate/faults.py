"""Faults: processes of the node killed -9, chosen by the seed. Kills only descendants of the node's own
supervisor.
"""

import os
import random
import signal
from pathlib import Path

from kamao.runtime.bench.node import BenchNode, descendants

KINDS = ("web", "postgres", "worker")
_MARKS = {"web": "kamao.runtime.web", "postgres": "postgres\0-D", "worker": "kamao.worker"}


def kill_one(node: BenchNode, kind: str, rng: random.Random) -> int:
    """Kill one process of a kind and return its pid; 0 where none is found at this moment (it is just
    restarting).
    """
    found = []
    for pid in descendants(node.process.pid):
        try:
            command = Path(f"/proc/{pid}/cmdline").read_text(encoding="utf-8", errors="replace")
        except (FileNotFoundError, ProcessLookupError):
            continue
        if _MARKS[kind] in command or (kind == "postgres" and "/postgres\0" in command):
            found.append(pid)
    if not found:
        return 0
    # The first postgres process is the postmaster: without it all backends end.
    pid = found[0] if kind == "postgres" else rng.choice(found)
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return 0
    return pid
