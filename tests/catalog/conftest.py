"""A loaded demo catalogue: once per module for tests that only read (`library`), fresh for those that
write.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import transaction

from kamao.business.catalog.loading import LoadReport, load_rows
from kamao.business.catalog.rows import parse_rows, read_csv
from kamao.business.catalog.templates import CATALOGUE

AT = datetime(2026, 3, 1, 4, 0, tzinfo=UTC)


def load_demo() -> LoadReport:
    rows, refused = parse_rows(read_csv(CATALOGUE))
    assert refused == []
    return load_rows(rows, at=AT)


@pytest.fixture(scope="module")
def library(django_db_setup: None, django_db_blocker: Any) -> Iterator[LoadReport]:
    """Everything a module's tests do on top is rolled back with it; tests that write use `writable`."""
    with django_db_blocker.unblock(), transaction.atomic():
        yield load_demo()
        transaction.set_rollback(True)


@pytest.fixture
def writable(library: LoadReport) -> Iterator[LoadReport]:
    """The library with whatever this test writes undone afterwards."""
    with transaction.atomic():
        yield library
        transaction.set_rollback(True)
