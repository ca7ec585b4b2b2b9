"""A burst that fails on its way."""

from typing import Any

import pytest

from kamao.engine.arrays import bigints, ids
from kamao.engine.burst import Burst


def test_what_fails_after_its_departure_is_given_up_once_and_tells_its_own_fault(conn: Any) -> None:
    burst = Burst(conn)
    burst.add("trade/insist", bigints([0]), ids([]), bigints([]))
    burst.depart()
    with pytest.raises(TypeError):
        burst.add("trade/insist", object())  # type: ignore[arg-type]
    burst.abandon()
    assert conn.closed
    assert not conn.lock.locked()
