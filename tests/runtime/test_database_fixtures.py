"""The database that tests get is the real one: its version, its roles, and copies that do not see one
another.
"""

from datetime import UTC, datetime

import psycopg
import pytest

from kamao.runtime import database as addresses
from kamao.runtime import prepare
from kamao.worker.models import Heartbeat

MOMENT = datetime(2026, 3, 1, 8, tzinfo=UTC)


def test_server_is_postgresql_18_and_the_node_is_never_owner(conn):
    version, role, login = conn.execute(
        "SELECT current_setting('server_version_num')::int, current_user, session_user"
    ).fetchone()
    assert version >= 180_000
    assert (role, login) == ("kamao_app", "kamao_node")
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        conn.execute("CREATE TABLE public.sneaked_in (n int)")


def test_copies_are_apart(database, database_server):
    with prepare.connect(database, role=addresses.OWNER_ROLE) as first:
        first.execute("CREATE TABLE only_here (n int)")
    with database_server.copy() as other, prepare.connect(other, role=addresses.OWNER_ROLE) as second:
        assert second.execute("SELECT to_regclass('only_here')").fetchone() == (None,)


def test_waiting_for_locks_is_always_limited(conn):
    assert conn.execute("SHOW lock_timeout").fetchone() == ("5s",)
    assert conn.execute("SHOW idle_in_transaction_session_timeout").fetchone() == ("1min",)


@pytest.mark.django_db
def test_rolled_back_rows_are_written_here():
    Heartbeat.objects.create(process="rolled back", beat_at=MOMENT)
    assert Heartbeat.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_committed_rows_stay_in_their_own_copy(settings):
    Heartbeat.objects.create(process="committed", beat_at=MOMENT)
    with psycopg.connect(settings.KAMAO_CONNINFO) as outside:
        assert outside.execute("SELECT process FROM worker_heartbeat").fetchall() == [("committed",)]


@pytest.mark.django_db
def test_nothing_of_other_tests_is_seen():
    assert Heartbeat.objects.count() == 0
