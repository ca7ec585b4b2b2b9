"""Searches without result are counted without naming anyone."""

from datetime import UTC, date, datetime
from typing import Any

from kamao.business.catalog.demand import missed_queries, note_miss
from kamao.business.catalog.models import SearchMiss
from kamao.kernel.ids import new_uuid7

AT = datetime(2026, 3, 2, 17, 0, tzinfo=UTC)
"""Already the third of March in Shanghai."""


def test_misses_are_counted_per_session_and_shop(db: Any) -> None:
    shop = new_uuid7()
    for session in ("a", "a", "b"):
        note_miss(" ＰＳ６  ", session=session, at=AT)
    note_miss("ps6", session="a", at=AT, shop=shop)
    note_miss("   ", session="a", at=AT)
    rows = list(SearchMiss.objects.order_by("-times").values_list("day", "query", "times", "shop_id"))
    assert rows[0] == (date(2026, 3, 3), "ps6", 2, None)
    assert sorted(row[2] for row in rows) == [1, 1, 2]
    assert all(bytes(row.session_digest) != b"a" for row in SearchMiss.objects.all())


def test_only_what_many_searched_is_shown(db: Any) -> None:
    for number in range(20):
        note_miss("ps6", session=str(number), at=AT)
    for number in range(19):
        note_miss("my neighbour's name", session=str(number), at=AT)
    assert [(row.query, row.sessions, row.times) for row in missed_queries(date(2026, 3, 1))] == [
        ("ps6", 20, 20)
    ]
    assert missed_queries(date(2026, 3, 4)) == []
