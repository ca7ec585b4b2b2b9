"""`./kamao doctor`: look at everything a node needs, and say in one line each what is right."""

import argparse
import shutil
import sys
import time
from collections.abc import Iterator
from typing import NamedTuple

import psycopg

from kamao.runtime import postgres, prepare
from kamao.runtime.accounts import NoAccount, can_enter, database_account
from kamao.runtime.database import APP_ROLE, DatabaseAddress, node_address
from kamao.runtime.home import Home
from kamao.runtime.node_state import read_state
from kamao.runtime.offline import NoDatabase, running_database
from kamao.runtime.plan import connections_needed, port_is_free

HELP = "look at everything a node needs and say what to do"
_DISK_FREE_MIN = 2_000_000_000
_CLOCK_APART_MAX_S = 2.0


class Observation(NamedTuple):
    """One thing looked at: whether it is right, and what was seen (with what to do when it is not)."""

    right: bool
    about: str
    seen: str


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What a node started like this would need."""
    parser.add_argument("--port", type=int, default=8000, help="port the node would listen on")
    parser.add_argument("--web", type=int, default=1, metavar="N", help="web processes it would have")


def machine(home: Home, *, port: int) -> Iterator[Observation]:
    """Python, disk, port, and the account of PostgreSQL."""
    yield Observation(sys.version_info >= (3, 11), "Python", sys.version.split()[0])
    place = next(folder for folder in (home.root, *home.root.parents) if folder.exists())
    free = shutil.disk_usage(place).free
    yield Observation(free > _DISK_FREE_MIN, "disk", f"{free / 1e9:.1f} GB free at {place} (2 GB needed)")
    state = read_state(home)
    running = state is not None and state.is_alive()
    if running and state is not None:
        yield Observation(state.ready, "node", f"runs at {state.base_url} (pid {state.pid})")
    else:
        yield Observation(True, "node", "does not run")
        taken = f"{port} is taken by another program: choose one with --port"
        free_port = port_is_free("127.0.0.1", port)
        yield Observation(free_port, "port", f"{port} is free" if free_port else taken)
    try:
        account = database_account()
    except NoAccount as error:
        yield Observation(False, "account", str(error))
        return
    direct = can_enter(place, account)
    where = (
        "in the home" if direct else "in the system's store, because PostgreSQL's user cannot enter the home"
    )
    yield Observation(True, "database files", where)


def keys(home: Home) -> Iterator[Observation]:
    """The key file: there, and readable by its owner alone."""
    if not home.key_file.exists():
        made = (home.database / "PG_VERSION").exists()
        yield Observation(
            not made, "keys", "missing: ./kamao restore-keys FILE" if made else "made at the first start"
        )
        return
    mode = home.key_file.stat().st_mode & 0o777
    said = "readable by the owner alone" if mode == 0o600 else f"mode {mode:o}: chmod 600 {home.key_file}"
    yield Observation(mode == 0o600, "keys", said)


def server(connection: prepare.Connection, *, web_workers: int) -> Iterator[Observation]:
    """Version, clock, connections, durability."""
    version = connection.info.server_version
    name = f"{version // 10_000}.{version % 10_000}"
    yield Observation(version >= prepare.VERSION_MIN, "PostgreSQL", f"{name} (18 or newer is needed)")
    row = connection.execute(
        "SELECT extract(epoch FROM clock_timestamp())::float8, current_setting('max_connections')::int,"
        " current_setting('fsync'), current_setting('synchronous_commit')"
    ).fetchone()
    assert row is not None, "SELECT of constants always answers"
    told, connections, fsync, commit = row
    apart = abs(time.time() - float(str(told)))
    yield Observation(apart < _CLOCK_APART_MAX_S, "clock", f"{apart:.2f} s from the database's")
    needed = connections_needed(web_workers=web_workers)
    said = f"{connections} allowed, {needed} needed by {web_workers} web processes and the worker"
    yield Observation(int(str(connections)) >= needed, "connections", said)
    durable = fsync == "on" and commit != "off"
    yield Observation(durable, "durability", f"fsync {fsync}, synchronous_commit {commit}")


def migrations(address: DatabaseAddress) -> Observation:
    """Whether the node has been prepared; `up` applies what is missing."""
    try:
        with prepare.connect(address, role=APP_ROLE) as connection:
            row = connection.execute("SELECT count(*) FROM django_migrations").fetchone()
    except psycopg.Error as error:
        return Observation(
            False, "migrations", f"not applied yet ({type(error).__name__}); ./kamao up applies them"
        )
    return Observation(True, "migrations", f"{row[0] if row else 0} applied")


def observe(args: argparse.Namespace) -> Iterator[Observation]:
    """Everything, in the order in which it matters."""
    home = Home(args.home)
    yield from machine(home, port=args.port)
    yield from keys(home)
    try:
        with running_database(home) as admin:
            with prepare.connect(admin, role=None) as connection:
                yield from server(connection, web_workers=args.web)
            yield migrations(node_address())
    except NoDatabase:
        yield Observation(True, "database", "none yet: ./kamao up makes it")
    except (psycopg.Error, postgres.DatabaseUnusable) as error:
        yield Observation(False, "database", str(error).strip())


def run(args: argparse.Namespace) -> int:
    """Print what was seen; exit code 1 when something is wrong."""
    wrong = 0
    for one in observe(args):
        wrong += not one.right
        print(f"{'ok   ' if one.right else 'WRONG'}  {one.about}: {one.seen}")
    return 1 if wrong else 0
