"""Engine tests: a world on a database of the test's own, whose books are checked when the test is over."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.engine.world import World, assert_books_clean


@pytest.fixture
def world(conn: Any, conninfo: str) -> Iterator[World]:
    """A fresh world; its books must be clean at the end, whatever the test did."""
    yield World(conn)
    conn.rollback()
    assert_books_clean(conninfo)
