"""Brings a database to the state this build needs: version, roles, the database itself, migrations, keys,
static files.

Owns the order of these steps and runs as a process of its own before any other, so that the supervisor stays
small. Refuses a server older than 18, a login that may not take Kamao's roles, and keys that do not fit the
sealed data.
"""

import os
import sys
from dataclasses import replace
from pathlib import Path

import django
import psycopg
from django.conf import settings
from django.core.management import call_command
from psycopg import sql

from kamao.runtime import database
from kamao.runtime.database import (
    APP_ROLE,
    IDLE_IN_TRANSACTION_TIMEOUT_MS,
    LOCK_TIMEOUT_MS,
    LOGIN,
    OWNER_ROLE,
    READER_ROLE,
    DatabaseAddress,
    connection_parameters,
)
from kamao.runtime.keys import KeysUnusable, ensure_keyring
from kamao.runtime.postgres import SUPERUSER
from kamao.runtime.processes import die_with_parent
from kamao.runtime.static import collect_static

VERSION_MIN = 180_000
_MIGRATION_LOCK = 7_205_759_403_792_793
"""Advisory lock: one migration at a time, however many nodes start at once. This number is never reused."""


class NotPrepared(Exception):
    """The database cannot be used; the message says what the person can do."""


Connection = psycopg.Connection[tuple[object, ...]]


def connect(address: DatabaseAddress, *, role: str | None, application: str = "kamao-prepare") -> Connection:
    """A connection that commits each statement; `role` None keeps the login's own rights."""
    parameters = connection_parameters(address, role=role, application=application)
    return psycopg.connect(**parameters, autocommit=True)  # type: ignore[arg-type]


def check_version(connection: Connection) -> None:
    """Refuse a server older than PostgreSQL 18."""
    if connection.info.server_version < VERSION_MIN:
        raise NotPrepared(
            f"KAMAO_DATABASE_URL names PostgreSQL {connection.info.server_version // 10_000};"
            " Kamao needs 18 or newer."
        )


def make_roles(connection: Connection) -> None:
    """Make the three group roles and let the connected login (and the node's own login) take them."""
    existing = {
        row[0]
        for row in connection.execute("SELECT rolname FROM pg_roles WHERE rolname LIKE 'kamao%%'").fetchall()
    }
    for role in (OWNER_ROLE, APP_ROLE, READER_ROLE):
        if role not in existing:
            connection.execute(sql.SQL("CREATE ROLE {} NOLOGIN").format(sql.Identifier(role)))
        row = connection.execute("SELECT pg_has_role(session_user, %s, 'SET')", (role,)).fetchone()
        if row is None or not row[0]:
            connection.execute(sql.SQL("GRANT {} TO SESSION_USER").format(sql.Identifier(role)))


def make_login(connection: Connection) -> None:
    """The embedded server's login: it may take the three roles, inherits none of them, and is nobody without
    one.
    """
    row = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (LOGIN,)).fetchone()
    login = sql.Identifier(LOGIN)
    if row is None:
        connection.execute(sql.SQL("CREATE ROLE {} LOGIN NOINHERIT").format(login))
    limits = {
        "lock_timeout": LOCK_TIMEOUT_MS,
        "idle_in_transaction_session_timeout": IDLE_IN_TRANSACTION_TIMEOUT_MS,
    }
    for name, limit_ms in limits.items():
        # The limits that every pool sets by itself, for whoever logs in without them.
        statement = sql.SQL("ALTER ROLE {} SET {} = {}")
        connection.execute(statement.format(login, sql.Identifier(name), sql.Literal(limit_ms)))
    for role in (OWNER_ROLE, APP_ROLE, READER_ROLE):
        connection.execute(
            sql.SQL("GRANT {} TO {} WITH INHERIT FALSE, SET TRUE").format(sql.Identifier(role), login)
        )


def make_database(connection: Connection, name: str) -> None:
    """The node's database, owned by the owner role."""
    if connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (name,)).fetchone() is None:
        connection.execute(
            sql.SQL("CREATE DATABASE {} OWNER {}").format(sql.Identifier(name), sql.Identifier(OWNER_ROLE))
        )


def make_grants(connection: Connection, name: str) -> None:
    """Who may do what in the node's database, and what new tables of the owner give to the other roles."""
    owner, app, reader = (sql.Identifier(role) for role in (OWNER_ROLE, APP_ROLE, READER_ROLE))
    statements = (
        sql.SQL("REVOKE ALL ON DATABASE {database} FROM PUBLIC"),
        sql.SQL("GRANT CONNECT, TEMPORARY ON DATABASE {database} TO {owner}, {app}, {reader}, SESSION_USER"),
        sql.SQL("GRANT CREATE ON DATABASE {database} TO {owner}"),
        sql.SQL("REVOKE CREATE ON SCHEMA public FROM PUBLIC"),
        sql.SQL("GRANT USAGE, CREATE ON SCHEMA public TO {owner}"),
        sql.SQL("GRANT USAGE ON SCHEMA public TO {app}, {reader}"),
        sql.SQL(
            "ALTER DEFAULT PRIVILEGES FOR ROLE {owner} IN SCHEMA public"
            " GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {app}"
        ),
        sql.SQL(
            "ALTER DEFAULT PRIVILEGES FOR ROLE {owner} IN SCHEMA public GRANT SELECT ON TABLES TO {reader}"
        ),
        sql.SQL(
            "ALTER DEFAULT PRIVILEGES FOR ROLE {owner} IN SCHEMA public"
            " GRANT USAGE, SELECT ON SEQUENCES TO {app}, {reader}"
        ),
    )
    for statement in statements:
        connection.execute(
            statement.format(database=sql.Identifier(name), owner=owner, app=app, reader=reader)
        )


def prepare_embedded(address: DatabaseAddress) -> None:
    """Roles, login, database and grants of the node's own server."""
    admin = replace(address, user=SUPERUSER, dbname="postgres")
    with connect(admin, role=None) as connection:
        make_roles(connection)
        make_login(connection)
        make_database(connection, address.dbname)
    with connect(replace(admin, dbname=address.dbname), role=None) as connection:
        make_grants(connection, address.dbname)
        connection.execute(
            sql.SQL("GRANT CONNECT ON DATABASE {} TO {}").format(
                sql.Identifier(address.dbname), sql.Identifier(LOGIN)
            )
        )


def _owns_database(connection: Connection) -> bool:
    row = connection.execute(
        "SELECT datdba = (SELECT oid FROM pg_roles WHERE rolname = session_user) FROM pg_database"
        " WHERE datname = current_database()"
    ).fetchone()
    return row is not None and bool(row[0])


def prepare_external(address: DatabaseAddress) -> None:
    """Check a server that somebody else runs, and make roles and grants as far as the login may."""
    try:
        with connect(address, role=None) as connection:
            check_version(connection)
            make_roles(connection)
            if not _owns_database(connection):
                # Somebody else made roles and database (the runbook's way): the owner role gives the grants.
                connection.execute(sql.SQL("SET ROLE {}").format(sql.Identifier(OWNER_ROLE)))
            make_grants(connection, address.dbname)
    except psycopg.errors.InsufficientPrivilege as error:
        raise NotPrepared(
            "the login of KAMAO_DATABASE_URL may not make Kamao's roles and grants: let it create roles"
            " (CREATEROLE) and own the database, or run the statements of docs/runbooks/external-database.md."
            f" PostgreSQL says: {error.diag.message_primary}"
        ) from error
    except psycopg.OperationalError as error:
        raise NotPrepared(f"KAMAO_DATABASE_URL cannot be reached: {str(error).strip()}") from error


def migrate() -> None:
    """Apply missing migrations as the owner, then look at the keys; one node at a time, cheap when nothing is
    missing.
    """
    with connect(database.node_address(), role=OWNER_ROLE) as connection:
        connection.execute("SET lock_timeout = 0")
        connection.execute("SELECT pg_advisory_lock(%s)", (_MIGRATION_LOCK,))
        call_command("migrate", interactive=False, verbosity=0)
        ensure_keyring(Path(settings.KAMAO_KEY_FILE))


def prepare_database() -> None:
    """All steps for this node's database."""
    address = database.node_address()
    if os.environ.get("KAMAO_DATABASE_URL"):
        prepare_external(address)
    else:
        prepare_embedded(address)
    migrate()


def main() -> int:
    """Prepare; print one sentence and exit 1 when it cannot be done."""
    die_with_parent()
    os.environ["KAMAO_DATABASE_ROLE"] = OWNER_ROLE
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kamao.runtime.django_settings")
    django.setup()
    try:
        prepare_database()
        collect_static()
    except (NotPrepared, KeysUnusable) as error:
        print(f"kamao: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
