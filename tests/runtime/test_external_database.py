"""A PostgreSQL that somebody else runs: what a login may have done before, and what it may do itself."""

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest

from kamao.runtime import postgres, prepare
from kamao.runtime.database import (
    APP_ROLE,
    OWNER_ROLE,
    READER_ROLE,
    DatabaseAddress,
    embedded_address,
    parse_url,
)
from kamao.runtime.home import Home


@pytest.fixture(scope="module")
def foreign() -> Iterator[DatabaseAddress]:
    """The administrator's address of a server that has never heard of Kamao."""
    home = Home(Path(os.environ["KAMAO_HOME"]) / "foreign")
    server = postgres.EmbeddedPostgres.locate(home, connections_max=20, overrides={"fsync": "off"})
    server.prepare_folder(durable=False)
    process = server.start()
    server.wait_ready(process, timeout_s=60)
    yield replace(embedded_address(home), user=postgres.SUPERUSER, dbname="postgres")
    postgres.stop(process)


def grants_are_right(address: DatabaseAddress) -> None:
    with prepare.connect(address, role=OWNER_ROLE) as connection:
        connection.execute("CREATE SCHEMA made_by_owner")
        connection.execute("CREATE TABLE seen (n int)")
    with prepare.connect(address, role=APP_ROLE) as connection:
        assert connection.execute("INSERT INTO seen VALUES (1) RETURNING n").fetchone() == (1,)
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("CREATE TABLE sneaked_in (n int)")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("CREATE SCHEMA sneaked_in")
    with prepare.connect(address, role=READER_ROLE) as connection:
        assert connection.execute("SELECT n FROM seen").fetchall() == [(1,)]
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("DELETE FROM seen")


def test_a_login_that_may_make_roles_needs_no_preparation(foreign: DatabaseAddress):
    with prepare.connect(foreign, role=None) as admin:
        admin.execute("CREATE ROLE able LOGIN CREATEROLE")
        admin.execute("CREATE DATABASE able OWNER able")
    address = replace(foreign, user="able", dbname="able")
    prepare.prepare_external(address)
    prepare.prepare_external(address)
    grants_are_right(address)


def test_a_plain_login_works_after_the_runbook_and_says_what_is_missing_before(foreign: DatabaseAddress):
    with prepare.connect(foreign, role=None) as admin:
        prepare.make_roles(admin)
        admin.execute("CREATE ROLE plain LOGIN NOINHERIT")
        admin.execute(f"CREATE DATABASE plain OWNER {OWNER_ROLE}")
    address = replace(foreign, user="plain", dbname="plain")
    with pytest.raises(prepare.NotPrepared, match="external-database"):
        prepare.prepare_external(address)
    with prepare.connect(foreign, role=None) as admin:
        for role in (OWNER_ROLE, APP_ROLE, READER_ROLE):
            admin.execute(f"GRANT {role} TO plain WITH INHERIT FALSE, SET TRUE")
    prepare.prepare_external(address)
    grants_are_right(address)


def test_an_unreachable_server_is_named_without_its_password(foreign: DatabaseAddress):
    address = parse_url("postgresql://somebody:very-secret@127.0.0.1:1/kamao")
    with pytest.raises(prepare.NotPrepared) as refused:
        prepare.prepare_external(address)
    assert "cannot be reached" in str(refused.value)
    assert "very-secret" not in str(refused.value)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        (
            "postgresql://a:p%20w@db.example:6543/shop",
            DatabaseAddress("db.example", 6543, "shop", "a", "p w"),
        ),
        (
            "postgresql:///shop?host=/run/pg&user=b&sslmode=require",
            DatabaseAddress("/run/pg", 5432, "shop", "b", "", {"sslmode": "require"}),
        ),
    ],
)
def test_addresses_are_read(url: str, expected: DatabaseAddress):
    assert parse_url(url) == expected
