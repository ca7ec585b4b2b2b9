"""What buyers searched and did not find: counted per day, place and session, the session only as a keyed
hash.

Refuses to show what fewer than ``PEOPLE_MIN`` sessions searched for: a rare query may name a person.
"""

from datetime import date, datetime
from typing import Final
from uuid import UUID

import msgspec
from django.db import connection
from django.utils.crypto import salted_hmac

from kamao.business.catalog.search import normalise_query
from kamao.kernel.clock import BUSINESS_ZONE

PEOPLE_MIN: Final = 20

_NOTE: Final = """
INSERT INTO catalog_searchmiss (day, shop_id, query, session_digest, times) VALUES (%s, %s, %s, %s, 1)
ON CONFLICT (day, query, session_digest, shop_id) DO UPDATE SET times = catalog_searchmiss.times + 1
"""

_MISSED: Final = """
SELECT query, count(DISTINCT session_digest), sum(times) FROM catalog_searchmiss
WHERE day >= %s GROUP BY query HAVING count(DISTINCT session_digest) >= %s
ORDER BY count(DISTINCT session_digest) DESC, query LIMIT %s
"""


class Missed(msgspec.Struct, frozen=True):
    """A query without result: by how many sessions, how often."""

    query: str
    sessions: int
    times: int


def note_miss(query: str, *, session: str, at: datetime, shop: UUID | None = None) -> None:
    """Count a search that found nothing. ``session`` is any word that stays the same for one visitor.

    Its hash changes every day, so that nobody's searches can be strung together over days.
    """
    words = normalise_query(query)
    if not words:
        return
    day = at.astimezone(BUSINESS_ZONE).date()
    digest = salted_hmac("kamao.search.miss", f"{day}|{session}", algorithm="sha256").digest()[:16]
    with connection.cursor() as cursor:
        cursor.execute(_NOTE, [day, shop, words, digest])


def missed_queries(since: date, *, people_min: int = PEOPLE_MIN, limit: int = 100) -> list[Missed]:
    """Return what at least ``people_min`` sessions searched in vain, the most wanted first."""
    with connection.cursor() as cursor:
        cursor.execute(_MISSED, [since, people_min, limit])
        return [Missed(query=row[0], sessions=row[1], times=int(row[2])) for row in cursor.fetchall()]
