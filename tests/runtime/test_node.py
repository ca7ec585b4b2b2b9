"""A whole node as a person starts it: ready, killed in every way, and back by itself with everything it had
promised.
"""

import http.client
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from kamao.runtime import database as addresses
from kamao.runtime import prepare
from kamao.runtime.home import CHECKOUT, Home
from kamao.runtime.plan import free_port
from kamao.runtime.processes import started_ticks

pytestmark = [pytest.mark.node, pytest.mark.timeout(240)]


def wait_for(condition: Callable[[], object], *, timeout_s: float = 60) -> None:
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, "the condition did not come true"
        time.sleep(0.05)


class Node:
    """A node in its own home, started by the command line."""

    def __init__(self, home: Path) -> None:
        self.home = Home(home)
        self.port = free_port()
        self.supervisor: subprocess.Popen[str] | None = None

    def command(self, *words: str) -> list[str]:
        return [sys.executable, "-m", "kamao.runtime.cli", *words, "--home", str(self.home.root)]

    def environment(self) -> dict[str, str]:
        own = {
            name: value for name, value in os.environ.items() if not name.startswith(("KAMAO_", "DJANGO_"))
        }
        return {**own, "PYTHONPATH": str(CHECKOUT / "src")}

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self.command(*words),
            env=self.environment(),
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )

    def up(self) -> str:
        """Start it and return its ready line."""
        self.supervisor = subprocess.Popen(
            self.command("up", "--port", str(self.port)),
            env=self.environment(),
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.supervisor.stdout is not None
        return self.supervisor.stdout.readline().strip()

    def bury(self) -> None:
        """Take note of the end of a supervisor that was killed or stopped."""
        assert self.supervisor is not None
        assert self.supervisor.stdout is not None
        self.supervisor.wait(30)
        self.supervisor.stdout.close()
        self.supervisor = None

    def get(self, path: str) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, answer.read()
        except OSError:
            return 0, b""
        finally:
            connection.close()

    def is_ready(self) -> bool:
        return self.get("/readyz")[0] == 200

    def children(self) -> dict[str, int]:
        state = json.loads(self.home.state_file.read_text())
        return {child["name"]: child["pid"] for child in state["children"] if child["pid"]}

    def processes(self) -> list[int]:
        """Every process of this node, however deep: they carry the home in environment or folder."""
        found = []
        for entry in Path("/proc").glob("[0-9]*"):
            try:
                mine = f"KAMAO_HOME={self.home.root}".encode() in (entry / "environ").read_bytes().split(
                    b"\0"
                )
                database = (entry / "cwd").readlink() == self.home.database.resolve()
            except OSError:
                continue
            if mine or database:
                found.append(int(entry.name))
        return found


@pytest.fixture
def node(tmp_path: Path) -> Iterator[Node]:
    node = Node(tmp_path / "home")
    yield node
    if node.supervisor is not None:
        node.supervisor.terminate()
        node.bury()
    assert node.processes() == []
    # The run's folder is closed to PostgreSQL's own user when root runs the tests: the data then lies
    # elsewhere.
    for place in (node.home.database, node.home.sockets):
        shutil.rmtree(place.resolve(), ignore_errors=True)


def takes_connections(node: Node) -> bool:
    try:
        return remembered(node) is not None
    except psycopg.OperationalError:
        return False


def remembered(node: Node) -> set[str]:
    with prepare.connect(addresses.embedded_address(node.home), role=addresses.READER_ROLE) as connection:
        return {str(row[0]) for row in connection.execute("SELECT process FROM worker_heartbeat")}


def remember(node: Node, text: str) -> None:
    with prepare.connect(addresses.embedded_address(node.home), role=addresses.APP_ROLE) as connection:
        connection.execute("INSERT INTO worker_heartbeat VALUES (%s, clock_timestamp())", (text,))


def test_a_node_survives_kill_9_of_any_and_of_all_its_processes(node: Node):
    assert node.up() == f"Kamao is ready: http://127.0.0.1:{node.port}"
    answers_for_itself(node)
    refuses_what_must_not_change(node)
    survives_the_death_of_each_child(node)
    leaves_nothing_behind_when_its_supervisor_is_killed(node)
    survives_the_death_of_everything(node)
    stopped = node.run("down")
    assert (stopped.returncode, stopped.stdout) == (0, "kamao: stopped.\n")
    assert node.supervisor is not None
    assert node.supervisor.wait(10) == 0
    assert node.processes() == []
    never_replaces_a_missing_key_file(node)


def answers_for_itself(node: Node) -> None:
    assert node.get("/healthz") == (200, b'{"status":"ok"}')
    assert b"kamao_worker_rounds_total" in node.get("/metrics")[1]
    parts = ("ready", "database", "migrations", "api", "worker")
    assert json.loads(node.get("/readyz")[1]) == dict.fromkeys(parts, True)
    assert (node.home.key_file.stat().st_mode & 0o777, node.home.keys.stat().st_mode & 0o777) == (
        0o600,
        0o700,
    )
    second = node.run("up", "--port", "0")
    assert second.returncode == 1
    assert "already served" in second.stderr


def refuses_what_must_not_change(node: Node) -> None:
    address = addresses.embedded_address(node.home)
    with prepare.connect(address, role=addresses.APP_ROLE) as connection:
        for forbidden in ("TRUNCATE worker_heartbeat", "UPDATE cell0.ledger_posting SET amount_minor = 0"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(forbidden)


def survives_the_death_of_each_child(node: Node) -> None:
    for name in ("worker", "web", "postgres"):
        remember(node, f"before {name}")
        before = node.children()[name]
        os.kill(before, signal.SIGKILL)
        wait_for(lambda before=before, name=name: node.children().get(name, before) != before)
        wait_for(lambda: takes_connections(node))
        wait_for(node.is_ready)
        assert f"before {name}" in remembered(node)


def leaves_nothing_behind_when_its_supervisor_is_killed(node: Node) -> None:
    assert node.supervisor is not None
    children = list(node.children().values())
    node.supervisor.kill()
    node.bury()
    wait_for(lambda: all(started_ticks(pid) is None for pid in children))
    wait_for(lambda: node.processes() == [])
    assert node.up().startswith("Kamao is ready")


def survives_the_death_of_everything(node: Node) -> None:
    remember(node, "before all")
    assert node.supervisor is not None
    everything = node.processes()
    assert len(everything) > 8
    for pid in (node.supervisor.pid, *everything):
        if started_ticks(pid) is not None:
            os.kill(pid, signal.SIGKILL)
    node.bury()
    assert node.up().startswith("Kamao is ready")
    assert {"before worker", "before web", "before postgres", "before all"} <= remembered(node)


def never_replaces_a_missing_key_file(node: Node) -> None:
    node.bury()
    node.home.key_file.rename(node.home.root / "kept")
    refused = node.run("up", "--port", "0")
    assert refused.returncode == 1
    assert "the key file" in refused.stderr
    assert "restore-keys" in refused.stderr
    assert not node.home.key_file.exists()
