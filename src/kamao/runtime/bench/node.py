"""A node of its own for a benchmark: started by the same command as any other, in a temporary home, on a free
port.

Owns its life; stops it however the measuring ends. Leaves nothing behind.
"""

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from kamao.runtime.home import CHECKOUT, Home
from kamao.runtime.plan import free_port

_START_MAX_S = 120.0


class BenchNode:
    """A running node: its home, its address and its supervisor's process."""

    def __init__(self, home: Home, port: int, process: "subprocess.Popen[bytes]") -> None:
        self.home = home
        self.port = port
        self.process = process

    @property
    def base_url(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self.port}"

    def wait_ready(self) -> float:
        """Wait for ``/readyz`` and return the seconds it took. Raises RuntimeError when it does not come."""
        started = time.monotonic()
        while time.monotonic() - started < _START_MAX_S:
            if self.process.poll() is not None:
                raise RuntimeError("the node ended while it was starting; see its logs")
            try:
                if httpx.get(f"{self.base_url}/readyz", timeout=2).status_code == 200:
                    return time.monotonic() - started
            except httpx.TransportError:
                pass
            time.sleep(0.05)
        raise RuntimeError("the node did not become ready")

    def stop(self) -> None:
        """Stop it as Ctrl-C would."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(60)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()


def start(home: Home, *, web: int = 1, port: int = 0) -> BenchNode:
    """Start a node in a home without waiting for it."""
    chosen = port or free_port()
    command = [
        str(CHECKOUT / "kamao"),
        "up",
        "--home",
        str(home.root),
        "--port",
        str(chosen),
        "--web",
        str(web),
    ]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("KAMAO_DATABASE")}
    environment["KAMAO_ALLOW_LOOPBACK"] = "1"  # the receiver of F11 is on this machine
    process = subprocess.Popen(
        command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )
    return BenchNode(home, chosen, process)


@contextmanager
def temporary_node(*, web: int = 1) -> Iterator[BenchNode]:
    """Run a node in a temporary home; stop it and remove the home afterwards."""
    root = Path(tempfile.mkdtemp(prefix="kamao-bench-", dir="/var/tmp"))
    root.chmod(0o755)
    node = start(Home(root), web=web)
    try:
        node.wait_ready()
        yield node
    finally:
        node.stop()
        shutil.rmtree(root, ignore_errors=True)


def memory_pss_mb(node: BenchNode) -> float:
    """Return the proportional set size of every process of the node, in MB."""
    total_kb = 0
    for pid in descendants(node.process.pid):
        try:
            text = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii")
        except (FileNotFoundError, PermissionError, ProcessLookupError):
            continue
        total_kb += next((int(line.split()[1]) for line in text.splitlines() if line.startswith("Pss:")), 0)
    return total_kb / 1024


def descendants(root: int) -> list[int]:
    """Return a process and everything it has started, the process itself first."""
    parents: dict[int, list[int]] = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                stat = (folder / "stat").read_text(encoding="utf-8", errors="replace")
            except (FileNotFoundError, ProcessLookupError):
                continue
            parents.setdefault(int(stat.rpartition(")")[2].split()[1]), []).append(int(folder.name))
    found, queue = [], [root]
    while queue:
        pid = queue.pop()
        found.append(pid)
        queue += parents.get(pid, [])
    return found
