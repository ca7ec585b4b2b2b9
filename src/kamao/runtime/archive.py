"""Backup and restore of the node's database with PostgreSQL's own tools.

Owns the file's form (pg_dump's custom format) and its safety: a backup has its name only when it is whole and
readable, and it never holds a key. Refuses to restore over data unless told to replace it.
"""

import os
import subprocess
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from psycopg import sql

from kamao.runtime import postgres, prepare
from kamao.runtime.database import OWNER_ROLE, DatabaseAddress


class ArchiveFailed(Exception):
    """Backup or restore did not happen; the message says why and what the person can do."""


def _run(program: str, arguments: Sequence[str], address: DatabaseAddress) -> None:
    environment = {**os.environ, **({"PGPASSWORD": address.password} if address.password else {})}
    environment.update({f"PG{name.upper()}": value for name, value in address.extra.items()})
    where = ["--host", address.host, "--port", str(address.port), "--username", address.user, "--no-password"]
    done = subprocess.run(
        [str(postgres.programs() / program), *where, *arguments],
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise ArchiveFailed(f"{program} failed: {done.stderr.strip()[-800:]}")


def _role(address: DatabaseAddress) -> list[str]:
    """The administrator of the embedded server may do everything; any other login works as the owner."""
    return [] if address.user == postgres.SUPERUSER else ["--role", OWNER_ROLE]


def back_up(address: DatabaseAddress, target: Path) -> int:
    """Write a consistent backup of the database while it works; returns its size in bytes."""
    if target.exists():
        raise ArchiveFailed(f"{target} exists already; name another file.")
    target.parent.mkdir(parents=True, exist_ok=True)
    unfinished = target.with_name(f".{target.name}.{os.getpid()}")
    os.close(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600))
    try:
        options = ["--format", "custom", "--compress", "6", "--file", str(unfinished)]
        _run("pg_dump", [*options, *_role(address), "--dbname", address.dbname], address)
        _list(unfinished)
        with unfinished.open("rb") as file:
            os.fsync(file.fileno())
        unfinished.rename(target)
    finally:
        unfinished.unlink(missing_ok=True)
    return target.stat().st_size


def _list(backup: Path) -> None:
    """Read a backup's table of contents: a truncated or foreign file fails here."""
    done = subprocess.run(
        [str(postgres.programs() / "pg_restore"), "--list", str(backup)],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0 or "django_migrations" not in done.stdout:
        raise ArchiveFailed(f"{backup} is not a backup of a Kamao node. {done.stderr.strip()[-300:]}")


def has_data(address: DatabaseAddress) -> bool:
    """Whether the database holds a node's tables."""
    with prepare.connect(replace(address, dbname="postgres"), role=None) as connection:
        if (
            connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (address.dbname,)).fetchone()
            is None
        ):
            return False
    with prepare.connect(address, role=None) as connection:
        row = connection.execute("SELECT to_regclass('public.django_migrations') IS NOT NULL").fetchone()
        return row is not None and bool(row[0])


def restore(address: DatabaseAddress, backup: Path, *, replace_data: bool) -> None:
    """Make the database what the backup holds, all of it or nothing.

    Into an embedded server the database is made anew; an external one must be empty (its owner makes it
    anew).
    """
    _list(backup)
    embedded = address.user == postgres.SUPERUSER
    if has_data(address):
        if not replace_data:
            raise ArchiveFailed(
                "this node has data; add --replace to throw it away and take the backup's instead."
            )
        if not embedded:
            raise ArchiveFailed(
                "please make an empty database on the external server and name it in KAMAO_DATABASE_URL."
            )
    if embedded:
        with prepare.connect(replace(address, dbname="postgres"), role=None) as connection:
            prepare.make_roles(connection)
            prepare.make_login(connection)
            name = sql.Identifier(address.dbname)
            connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(name))
            prepare.make_database(connection, address.dbname)
    else:
        prepare.prepare_external(address)
    options = ["--exit-on-error", "--single-transaction", *_role(address), "--dbname", address.dbname]
    _run("pg_restore", [*options, str(backup)], address)
    with prepare.connect(address, role=None) as connection:
        connection.execute("ANALYZE")
