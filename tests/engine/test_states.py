"""The state machines in Python and in SQL are the same: one table of transitions, and the states each row may
have.
"""

import re
from typing import Any

import pytest

from kamao.kernel.states import (
    ATTEMPT_TRANSITIONS,
    ORDER_TRANSITIONS,
    PURCHASE_TRANSITIONS,
    REFUND_TRANSITIONS,
)


def test_order_transitions_in_sql_are_those_of_the_kernel(conn: Any) -> None:
    rows = conn.execute("SELECT before, after FROM trade_order_state").fetchall()
    assert sorted(rows) == sorted(
        (before, after) for before, afters in ORDER_TRANSITIONS.items() for after in afters
    )


@pytest.mark.parametrize(
    ("constraint", "transitions"),
    [
        ("ck_trade_order_state", ORDER_TRANSITIONS),
        ("ck_trade_purchase_state", PURCHASE_TRANSITIONS),
        ("ck_trade_refund_state", REFUND_TRANSITIONS),
        ("ck_trade_attempt_state", ATTEMPT_TRANSITIONS),
    ],
)
def test_a_row_may_have_exactly_the_states_of_its_machine(
    conn: Any, constraint: str, transitions: dict[str, frozenset[str]]
) -> None:
    row = conn.execute(
        "SELECT pg_get_constraintdef(oid) FROM pg_constraint"
        " WHERE conname = %s AND connamespace = 'cell0'::regnamespace AND conparentid = 0"
        " ORDER BY conislocal DESC, coninhcount LIMIT 1",
        (constraint,),
    ).fetchone()
    assert set(re.findall(r"'([a-z_]+)'", row[0])) == set(transitions)
