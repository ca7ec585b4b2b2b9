"""A loaded library, a supplier and a clock for the tests of supply."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from django.conf import settings
from django.db import connections

from kamao.business.catalog.loading import load_rows
from kamao.business.catalog.rows import parse_rows, read_csv
from kamao.business.identity.audit import SYSTEM
from kamao.business.identity.models import Organisation
from kamao.business.identity.operations import register_organisation
from kamao.kernel.clock import ManualClock
from kamao.runtime.database import APP_ROLE, conninfo
from tests.supply.library import DATA

NOW = datetime(2026, 11, 20, 4, 0, tzinfo=UTC)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NOW)


def load_sample_library() -> None:
    rows, refused = parse_rows(read_csv(DATA / "catalogue.csv"))
    assert not refused
    load_rows(rows, at=NOW)


def make_supplier(name: str = "华东数卡") -> Organisation:
    return register_organisation(
        kind="supplier", legal_name=f"{name} Ltd", display_name=name, actor=SYSTEM, at=NOW
    )


@pytest.fixture(scope="module")
def library_database(database_server: Any, django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """A copy of the migrated database with the library loaded once for a module; its tests are rolled back in
    it.
    """
    default = connections["default"]
    before = default.settings_dict["NAME"], settings.KAMAO_CONNINFO
    with database_server.copy() as address, django_db_blocker.unblock():
        default.close()
        default.settings_dict["NAME"] = address.dbname
        settings.KAMAO_CONNINFO = conninfo(address, role=APP_ROLE, application="test")
        load_sample_library()
        yield
        default.close()
        default.settings_dict["NAME"], settings.KAMAO_CONNINFO = before


@pytest.fixture
def supplier(library_database: None, db: None) -> Organisation:
    return make_supplier()
