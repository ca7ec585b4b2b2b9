"""What all tests share: one embedded PostgreSQL per run, migrated once, and a fresh copy of it wherever a
test commits.

- `database`: a copy of the migrated database for this test alone (a `DatabaseAddress`).
- `conn`, `cell_pool`: the engine's view of such a copy (search path cell0, ref_live, public; role kamao_app).
- `db` (pytest-django): one copy for the run, every test rolled back. `transactional_db`, `live_server` and
  `django_db(transaction=True)` get a copy of their own instead of a flush.
No test reaches any address but this machine's own.
"""

import itertools
import os
import shutil
import socket
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

_MEMORY = Path("/dev/shm")
_MEMORY_BYTES_MIN = 4 << 30


def _swift_folder() -> Path | None:
    """Where files live in memory, if there is room: a copy of the database is 1 700 files, and hundreds of
    tests make one.
    """
    has_room = _MEMORY.is_dir() and shutil.disk_usage(_MEMORY).free >= _MEMORY_BYTES_MIN
    return _MEMORY if has_room and os.access(_MEMORY, os.W_OK) else None


_HOME = tempfile.TemporaryDirectory(prefix="kamao-tests-", dir=_swift_folder(), ignore_cleanup_errors=True)
os.environ["KAMAO_HOME"] = _HOME.name
os.environ["DJANGO_SETTINGS_MODULE"] = "kamao.runtime.django_settings"
os.environ["KAMAO_ALLOW_LOOPBACK"] = "1"
for _name in ("KAMAO_DATABASE_URL", "KAMAO_DATABASE_ROLE", "KAMAO_DJANGO_POOL", "PROMETHEUS_MULTIPROC_DIR"):
    os.environ.pop(_name, None)
Path(_HOME.name).chmod(0o755)

import django  # noqa: E402  the home must be named first

from kamao.runtime import database as addresses  # noqa: E402
from kamao.runtime import postgres, prepare  # noqa: E402
from kamao.runtime.home import Home  # noqa: E402
from kamao.runtime.keys import make_keyring  # noqa: E402
from kamao.runtime.secret_key import make_secret_key  # noqa: E402

_NODE_HOME = Home(Path(_HOME.name))
_NODE_HOME.make()
make_secret_key(_NODE_HOME)
make_keyring(_NODE_HOME.key_file)
django.setup()

_TEST_SETTINGS = {
    # Nothing here survives the run, so nothing waits for a disk.
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "shared_buffers": "128MB",
    "autovacuum": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
}
_LOOPBACK = ("127.", "::1", "localhost", "/")


@pytest.fixture(scope="session", autouse=True)
def _only_this_machine() -> Iterator[None]:
    """Refuse connections that would leave the machine."""
    real = socket.socket.connect

    def connect(self: socket.socket, address: Any) -> None:
        host = address[0] if isinstance(address, tuple) else str(address)
        if self.family != socket.AF_UNIX and not str(host).startswith(_LOOPBACK):
            raise RuntimeError(f"a test may not reach {host}")
        real(self, address)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", connect)
        yield


@dataclass(frozen=True)
class Server:
    """The run's database server, and copies of the migrated database on it."""

    address: addresses.DatabaseAddress
    admin: addresses.DatabaseAddress
    numbers: Iterator[int]

    def execute(self, *statements: str) -> None:
        with prepare.connect(self.admin, role=None) as connection:
            for statement in statements:
                connection.execute(statement.encode())

    @contextmanager
    def copy(self) -> Iterator[addresses.DatabaseAddress]:
        """A copy of the migrated database, dropped at the end with whatever is still connected."""
        name = f"kamao_copy_{next(self.numbers)}"
        self.execute(
            f"CREATE DATABASE {name} TEMPLATE {self.address.dbname} OWNER {addresses.OWNER_ROLE}"
            " STRATEGY FILE_COPY",
            f"GRANT CONNECT, TEMPORARY ON DATABASE {name} TO PUBLIC",
        )
        try:
            yield replace(self.address, dbname=name)
        finally:
            self.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(scope="session")
def database_server(django_db_blocker: Any) -> Iterator[Server]:
    """PostgreSQL 18 for this run, with the database migrated by the real migrations as the real owner."""
    embedded = postgres.EmbeddedPostgres.locate(_NODE_HOME, connections_max=120, overrides=_TEST_SETTINGS)
    embedded.prepare_folder(durable=False)
    process = embedded.start()
    try:
        embedded.wait_ready(process, timeout_s=60)
        address = addresses.node_address()
        prepare.prepare_embedded(address)
        with django_db_blocker.unblock():
            _migrate()
        admin = replace(address, user=postgres.SUPERUSER, dbname="postgres")
        yield Server(address=address, admin=admin, numbers=itertools.count(1))
    finally:
        postgres.stop(process)


def _migrate() -> None:
    """Migrate through Django as the owner, then become the running node's role again."""
    from django.core.management import call_command
    from django.db import connection

    options = connection.settings_dict["OPTIONS"]
    before = options["options"]
    options["options"] = addresses.startup_options(role=addresses.OWNER_ROLE)
    try:
        call_command("migrate", interactive=False, verbosity=0)
    finally:
        connection.close()
        options["options"] = before


@pytest.fixture
def database(database_server: Server) -> Iterator[addresses.DatabaseAddress]:
    """A database of this test's own, migrated; everything may be committed."""
    with database_server.copy() as address:
        yield address


@pytest.fixture
def conninfo(database: addresses.DatabaseAddress) -> str:
    """libpq connection string of this test's database in the running node's role."""
    return addresses.conninfo(database, role=addresses.APP_ROLE, application="test")


@pytest.fixture
def open_connection(conninfo: str) -> Iterator[Callable[..., Any]]:
    """Opens connections to this test's database as the engine has them: `open_connection(cell=LIVE,
    autocommit=False)`.
    """
    from kamao.engine.cells import LIVE, Cell
    from kamao.engine.pool import Connection, connect

    opened: list[Connection] = []

    def open_one(*, cell: Cell = LIVE, autocommit: bool = False) -> Connection:
        connection = connect(conninfo, cell)
        connection.autocommit = autocommit
        opened.append(connection)
        return connection

    yield open_one
    for connection in opened:
        connection.close()


@pytest.fixture
def conn(open_connection: Callable[..., Any]) -> Any:
    """One connection in cell0, not in autocommit: the test commits or rolls back as it likes."""
    return open_connection()


@pytest.fixture
def cell_pool(conninfo: str) -> Iterator[Any]:
    """The engine's pool on this test's database, in cell0."""
    from kamao.engine.cells import LIVE
    from kamao.engine.pool import CellPool

    pool = CellPool(conninfo, LIVE, size=4)
    yield pool
    pool.close()


@pytest.fixture(scope="session")
def django_db_setup(
    database_server: Server, django_test_environment: None, django_db_blocker: Any
) -> Iterator[None]:
    """Django's own copy for the run: tests with `db` work in it and are rolled back."""
    with database_server.copy() as address, django_db_blocker.unblock(), _django_uses(address):
        yield


@contextmanager
def _django_uses(address: addresses.DatabaseAddress) -> Iterator[None]:
    """Let Django's default connection mean another database for a while."""
    from django.conf import settings
    from django.db import connections

    default = connections["default"]
    before = default.settings_dict["NAME"], settings.KAMAO_CONNINFO
    default.close()
    default.settings_dict["NAME"] = address.dbname
    settings.KAMAO_CONNINFO = addresses.conninfo(address, role=addresses.APP_ROLE, application="test")
    try:
        yield
    finally:
        for connection in connections.all(initialized_only=True):
            connection.close()
        default.settings_dict["NAME"], settings.KAMAO_CONNINFO = before


@pytest.fixture
def _django_db_helper(
    request: pytest.FixtureRequest, django_db_setup: None, django_db_blocker: Any
) -> Iterator[None]:
    """pytest-django's own helper, but a test that commits gets a copy of the database instead of a flush
    afterwards.

    A flush would empty what migrations wrote and needs TRUNCATE, which the running node's role does not have.
    """
    marker = request.node.get_closest_marker("django_db")
    commits = (marker is not None and marker.kwargs.get("transaction", False)) or bool(
        {"transactional_db", "live_server"} & set(request.fixturenames)
    )
    with django_db_blocker.unblock():
        if commits:
            server: Server = request.getfixturevalue("database_server")
            with server.copy() as address, _django_uses(address):
                yield
        else:
            from django.test import TestCase

            class RolledBack(TestCase):
                @classmethod
                def setUpClass(cls) -> None:
                    super(TestCase, cls).setUpClass()

                @classmethod
                def tearDownClass(cls) -> None:
                    super(TestCase, cls).tearDownClass()

            RolledBack.setUpClass()
            case = RolledBack(methodName="__init__")
            case._pre_setup()
            yield
            case._post_teardown()
            RolledBack.tearDownClass()
            RolledBack.doClassCleanups()
