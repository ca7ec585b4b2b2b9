"""A loaded library, a supplier and a clock for the tests of supply."""

from datetime import UTC, datetime

import pytest

from kamao.business.catalog.loading import load_rows
from kamao.business.catalog.rows import parse_rows, read_csv
from kamao.business.identity.audit import SYSTEM
from kamao.business.identity.models import Organisation
from kamao.business.identity.operations import register_organisation
from kamao.kernel.clock import ManualClock
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
    return register_organisation(kind="supplier", legal_name=f"{name} Ltd", display_name=name, actor=SYSTEM, at=NOW)


@pytest.fixture
def catalogue(db: None) -> None:
    load_sample_library()


@pytest.fixture
def supplier(catalogue: None) -> Organisation:
    return make_supplier()
