"""What the node says about itself: /healthz (this process answers), /readyz (the whole node works), /metrics.

Owns the readiness rule: database reachable, every migration applied, the API present and a worker heartbeat
younger than HEARTBEAT_AGE_MAX_S. Refuses metrics to anybody but loopback callers and holders of
KAMAO_METRICS_TOKEN.
"""

import asyncio
import hmac
import ipaddress
import os
import time
from pathlib import Path

import msgspec
import psycopg
from django.apps import apps
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, generate_latest, multiprocess

from kamao.runtime import database
from kamao.runtime.api_mount import api_present
from kamao.runtime.asgi_types import Receive, Scope, Send

PATHS = frozenset({"/healthz", "/readyz", "/metrics"})
HEARTBEAT_AGE_MAX_S = 15
_REMEMBERED_S = 0.1
_HEARTBEAT_AGE = "SELECT extract(epoch FROM clock_timestamp() - max(beat_at))::float8 FROM worker_heartbeat"
_APPLIED = "SELECT app, name FROM django_migrations"


class Readiness(msgspec.Struct, frozen=True):
    """What works, part by part; `worker` is also false when the last heartbeat is too old."""

    database: bool
    migrations: bool
    api: bool
    worker: bool

    @property
    def ready(self) -> bool:
        return self.database and self.migrations and self.api and self.worker


def expected_migrations() -> frozenset[tuple[str, str]]:
    """All migrations of this build by app and name, read from the folders alone: importing them would cost
    megabytes.
    """
    found: set[tuple[str, str]] = set()
    for app in apps.get_app_configs():
        folder = Path(app.path, "migrations")
        found.update((app.label, path.stem) for path in folder.glob("[!_]*.py"))
    return frozenset(found)


class ReadinessProbe:
    """Looks at the node's parts, at most ten times a second however often it is asked."""

    def __init__(self) -> None:
        self._expected = expected_migrations()
        self._migrated = False
        self._seen_at = 0.0
        self._seen = Readiness(database=False, migrations=False, api=False, worker=False)

    def look(self) -> Readiness:
        """The present state. Blocking: call it in a thread."""
        if time.monotonic() - self._seen_at > _REMEMBERED_S:
            self._seen = self._look()
            self._seen_at = time.monotonic()
        return self._seen

    def _look(self) -> Readiness:
        parameters = database.connection_parameters(
            database.node_address(), role=database.APP_ROLE, application="kamao-readiness"
        )
        parameters["connect_timeout"] = 3
        worker = False
        try:
            with psycopg.connect(**parameters, autocommit=True) as connection:  # type: ignore[arg-type]
                connection.execute("SET statement_timeout = 3000")
                if not self._migrated:
                    self._migrated = self._expected <= set(connection.execute(_APPLIED).fetchall())
                if self._migrated:
                    row = connection.execute(_HEARTBEAT_AGE).fetchone()
                    worker = row is not None and row[0] is not None and row[0] < HEARTBEAT_AGE_MAX_S
        except psycopg.errors.UndefinedTable:
            return Readiness(database=True, migrations=False, api=api_present(), worker=False)
        except psycopg.Error:
            return Readiness(database=False, migrations=self._migrated, api=api_present(), worker=False)
        return Readiness(database=True, migrations=self._migrated, api=api_present(), worker=worker)


_probe = ReadinessProbe()


def metrics_text() -> bytes:
    """All processes' metrics in Prometheus' text form."""
    registry = REGISTRY
    if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        registry = CollectorRegistry()
        multiprocess.MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return generate_latest(registry)


def may_read_metrics(scope: Scope) -> bool:
    """Loopback callers, or whoever shows the token; a proxy on this machine therefore needs the token check
    in front.
    """
    token = os.environ.get("KAMAO_METRICS_TOKEN", "")
    if token:
        headers = dict(scope["headers"])
        return hmac.compare_digest(headers.get(b"authorization", b""), f"Bearer {token}".encode())
    client = scope.get("client")
    return client is not None and ipaddress.ip_address(client[0]).is_loopback


async def answer(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer one request to a path of PATHS."""
    path, kind = scope["path"], b"application/json"
    if scope["method"] not in {"GET", "HEAD"}:
        status, body = 405, b'{"error":"method not allowed"}'
    elif path == "/healthz":
        status, body = 200, b'{"status":"ok"}'
    elif path == "/readyz":
        seen = await asyncio.to_thread(_probe.look)
        status = 200 if seen.ready else 503
        body = msgspec.json.encode({"ready": seen.ready, **msgspec.structs.asdict(seen)})
    elif may_read_metrics(scope):
        status, kind = 200, CONTENT_TYPE_LATEST.encode()
        body = await asyncio.to_thread(metrics_text)
    else:
        status, body = 404, b'{"error":"not found"}'
    headers = [
        (b"content-type", kind),
        (b"content-length", str(len(body)).encode()),
        (b"cache-control", b"no-store"),
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})
