"""How to reach the node's database: parameters for psycopg and Django from KAMAO_DATABASE_URL or the home's
socket.

Owns the names of roles, the login and the start-up options every connection gets. Opens no connection itself;
uses the standard library alone, so that the supervisor stays small.
"""

import os
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, unquote, urlsplit

from kamao.runtime.home import Home, default_home

DATABASE_NAME = "kamao"
PORT = 5432
"""Only names the socket file: the embedded database listens on no network address."""

LOGIN = "kamao_node"
OWNER_ROLE = "kamao_owner"
APP_ROLE = "kamao_app"
READER_ROLE = "kamao_reader"

LOCK_TIMEOUT_MS = 5_000
IDLE_IN_TRANSACTION_TIMEOUT_MS = 60_000


@dataclass(frozen=True)
class DatabaseAddress:
    """Where a database is and how to log in."""

    host: str
    port: int
    dbname: str
    user: str
    password: str = ""
    extra: dict[str, str] = field(default_factory=dict)


def embedded_address(home: Home) -> DatabaseAddress:
    """The node's own PostgreSQL, by the socket in its home."""
    return DatabaseAddress(host=str(home.sockets), port=PORT, dbname=DATABASE_NAME, user=LOGIN)


def parse_url(url: str) -> DatabaseAddress:
    """Read `postgresql://user:password@host:port/name?sslmode=…`; a socket folder is given as
    `?host=/folder`.

    Raises ValueError with a sentence that never repeats the password.
    """
    parts = urlsplit(url)
    if parts.scheme not in {"postgresql", "postgres"}:
        raise ValueError("KAMAO_DATABASE_URL must start with postgresql://")
    extra = dict(parse_qsl(parts.query))
    host = extra.pop("host", "") or unquote(parts.hostname or "") or "localhost"
    port = int(extra.pop("port", "") or parts.port or PORT)
    return DatabaseAddress(
        host=host,
        port=port,
        dbname=unquote(parts.path.lstrip("/")) or extra.pop("dbname", "") or DATABASE_NAME,
        user=unquote(parts.username or "") or extra.pop("user", "") or LOGIN,
        password=unquote(parts.password or "") or extra.pop("password", ""),
        extra=extra,
    )


def node_address() -> DatabaseAddress:
    """This node's database: KAMAO_DATABASE_URL when set, else the embedded one of the home."""
    url = os.environ.get("KAMAO_DATABASE_URL")
    return parse_url(url) if url else embedded_address(Home(default_home()))


def startup_options(*, role: str) -> str:
    """Start-up options of a connection: its role, and limits on waiting for locks and on forgotten
    transactions.
    """
    settings = {
        "role": role,
        "lock_timeout": LOCK_TIMEOUT_MS,
        "idle_in_transaction_session_timeout": IDLE_IN_TRANSACTION_TIMEOUT_MS,
        "timezone": "UTC",
        "jit": "off",
    }
    return " ".join(f"-c {name}={value}" for name, value in settings.items())


def connection_parameters(
    address: DatabaseAddress, *, role: str | None, application: str
) -> dict[str, str | int]:
    """Keyword arguments for psycopg.connect; `role` None keeps the login's own rights (set-up only)."""
    parameters: dict[str, str | int] = {
        "host": address.host,
        "port": address.port,
        "dbname": address.dbname,
        "user": address.user,
        "application_name": application,
        "connect_timeout": 10,
        **address.extra,
    }
    if address.password:
        parameters["password"] = address.password
    if role is not None:
        parameters["options"] = startup_options(role=role)
    return parameters


def conninfo(address: DatabaseAddress, *, role: str, application: str) -> str:
    """The same as one libpq connection string, for pools."""

    def quoted(value: str | int) -> str:
        return "'" + str(value).replace("\\", "\\\\").replace("'", "\\'") + "'"

    parameters = connection_parameters(address, role=role, application=application)
    return " ".join(f"{name}={quoted(value)}" for name, value in parameters.items())
