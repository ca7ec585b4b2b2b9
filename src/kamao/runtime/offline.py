"""The node's database for a command: the running one, or one started for the length of the command.

Owns that choice, so that `books`, `backup` and their like work whether the node is up or down. Refuses to
touch the files of a home that a starting or stopping node holds at this moment.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from kamao.runtime import postgres
from kamao.runtime.database import DatabaseAddress, embedded_address, node_address
from kamao.runtime.home import Home
from kamao.runtime.node_state import AlreadyRunning, end_leftovers, take_home
from kamao.runtime.plan import connections_needed


class NoDatabase(Exception):
    """This home has no database; the message says what the person can do."""


def is_external() -> bool:
    """Whether somebody else runs PostgreSQL."""
    return bool(os.environ.get("KAMAO_DATABASE_URL"))


def admin_address(home: Home) -> DatabaseAddress:
    """How set-up, backup and restore log in: the embedded server's own administrator, or the login of the
    URL.
    """
    if is_external():
        return node_address()
    return replace(embedded_address(home), user=postgres.SUPERUSER)


def locate(home: Home) -> postgres.EmbeddedPostgres:
    """The embedded server of this home, sized as a node would start it."""
    return postgres.EmbeddedPostgres.locate(home, connections_max=max(100, connections_needed(web_workers=1)))


@contextmanager
def running_database(home: Home, *, make: bool = False) -> Iterator[DatabaseAddress]:
    """Give the administrator's address of a database that runs, for as long as the block lasts.

    Starts the embedded server when the node is down, and stops it again. With `make`, an empty home gets a
    database; otherwise NoDatabase is raised.
    """
    if is_external():
        yield node_address()
        return
    if not make and not (home.database / "PG_VERSION").exists():
        raise NoDatabase(
            f"there is no node in {home.root}: name its home with --home, or start one with ./kamao up"
        )
    home.make()
    try:
        lock = take_home(home)
    except AlreadyRunning:
        # A node is up (or on its way): its own server is the one to use.
        yield admin_address(home)
        return
    with lock:
        end_leftovers(home)
        embedded = locate(home)
        embedded.prepare_folder()
        server = embedded.start()
        try:
            embedded.wait_ready(server)
            yield admin_address(home)
        finally:
            postgres.stop(server)


@contextmanager
def stopped_node(home: Home) -> Iterator[DatabaseAddress]:
    """Like `running_database`, for commands that must have the database for themselves.

    Raises AlreadyRunning when a node serves this home.
    """
    if is_external():
        yield node_address()
        return
    home.make()
    with take_home(home):
        end_leftovers(home)
        embedded = locate(home)
        embedded.prepare_folder()
        server = embedded.start()
        try:
            embedded.wait_ready(server)
            yield admin_address(home)
        finally:
            postgres.stop(server)
