"""What one `up` is going to run: addresses, processes, their environment and how many connections they need.

Owns the numbers that must fit together (pools, workers, max_connections). Uses the standard library alone.
"""

import json
import os
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from kamao.runtime.home import CHECKOUT, Home

_DOORS = ("operator", "supplier", "merchant")
DJANGO_POOL = 8
"""Connections a web process keeps for pages at most."""
ENGINE_CONNECTIONS_PER_WEB = 24
"""Connections a web process opens for the API at most: both cells' pools and one listener."""
WORKER_CONNECTIONS = 16
"""Both cells' pools, procrastinate's pool and its listener."""
SPARE_CONNECTIONS = 24
"""Set-up, readiness, command-line tools, backups and a person with psql."""
DEMO_CONNECTIONS = 8


def connections_needed(*, web_workers: int, demo: bool = True) -> int:
    """How many connections all processes together open at most."""
    per_web = DJANGO_POOL + ENGINE_CONNECTIONS_PER_WEB
    return web_workers * per_web + WORKER_CONNECTIONS + SPARE_CONNECTIONS + (DEMO_CONNECTIONS if demo else 0)


@dataclass(frozen=True)
class NodePlan:
    """One node as it was asked for."""

    home: Home
    host: str
    port: int
    base_url: str
    web_workers: int
    demo: bool
    live_demo: bool
    bank_port: int
    hosts: tuple[str, ...] = ()
    origins: tuple[str, ...] = ()

    @property
    def external_database(self) -> bool:
        """Whether somebody else runs PostgreSQL."""
        return bool(os.environ.get("KAMAO_DATABASE_URL"))

    @property
    def connections_max(self) -> int:
        """`max_connections` of the embedded server."""
        return max(100, connections_needed(web_workers=self.web_workers))

    @property
    def bank_url(self) -> str:
        """Where the sandbox bank listens; it is for this machine alone."""
        return f"http://127.0.0.1:{self.bank_port}"

    def bank_arguments(self) -> list[str]:
        """Arguments of the sandbox bank; with --lan phones must reach its pay page too."""
        own = ["--port", str(self.bank_port), "--home", str(self.home.root / "bank"), "--seed", "demo"]
        if self.host == "127.0.0.1":
            return own
        reachable = urlsplit(self.base_url).hostname or "127.0.0.1"
        outside = [host for host in self.hosts if not host.startswith(("127.", "localhost"))]
        if reachable.startswith("127.") and outside:
            reachable = outside[0]
        return [*own, "--host", self.host, "--public-url", f"http://{reachable}:{self.bank_port}"]

    def environment(self, process: str) -> dict[str, str]:
        """The environment of one child process."""
        own = {
            "PYTHONPATH": str(CHECKOUT / "src"),
            "PYTHONUNBUFFERED": "1",
            "KAMAO_HOME": str(self.home.root),
            "KAMAO_PROCESS": f"kamao-{process}",
            "KAMAO_BASE_URL": self.base_url,
            "KAMAO_HOSTS": ",".join(self.hosts),
            "KAMAO_ORIGINS": ",".join(self.origins),
            "KAMAO_STATIC": "collected",
            "PROMETHEUS_MULTIPROC_DIR": str(self.home.metrics),
        }
        if process == "web":
            own["KAMAO_DJANGO_POOL"] = str(DJANGO_POOL)
        if self.demo:
            own["KAMAO_DEMO"] = "1"
            own["KAMAO_ALLOW_LOOPBACK"] = "1"
            own["KAMAO_SANDBOX_BANK_URL"] = self.bank_url
            own["KAMAO_SANDBOX_BANK_HOME"] = str(self.home.root / "bank")
        inherited = {name: value for name, value in os.environ.items() if name != "KAMAO_DATABASE_ROLE"}
        return {**inherited, **own}

    def ready_line(self) -> str:
        """What the person sees when everything works: the address, and in a demo the logins."""
        line = f"Kamao is ready: {self.base_url}"
        if not self.demo:
            return line
        first = {login["role"]: login for login in reversed(demo_logins(self.home.demo_file))}
        shown = [
            f"{role}: {first[role]['email']} / {first[role]['password']}" for role in _DOORS if role in first
        ]
        return "  ".join([line, *shown, f"(more in {self.home.demo_file})"]) if shown else line


def demo_logins(path: Path) -> list[Mapping[str, str]]:
    """Role, e-mail and password of the demo's people; empty before the demo is loaded."""
    try:
        users: list[Mapping[str, str]] = json.loads(path.read_text())["users"]
    except (FileNotFoundError, json.JSONDecodeError, KeyError):
        return []
    return users


def port_is_free(host: str, port: int) -> bool:
    """Whether a server could listen there now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def free_port(*, preferred: int = 0) -> int:
    """A port nobody listens on at this moment, the preferred one when it is free."""
    if preferred and port_is_free("127.0.0.1", preferred):
        return preferred
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def own_addresses() -> tuple[str, ...]:
    """Names and addresses by which this machine is reached from its network."""
    name = socket.gethostname()
    found = {name, f"{name}.local"}
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            # No packet is sent: connecting a datagram socket only asks the routing table for our own address.
            probe.connect(("192.0.2.1", 9))
            found.add(probe.getsockname()[0])
        except OSError:
            pass
    return tuple(sorted(found))
