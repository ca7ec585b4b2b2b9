"""The demo's gentle trade of today: rounds of the same acts as the story's. Owns the pace."""

import random
import threading
import time

import psycopg
from django.conf import settings

from kamao.business.keyring import node_keyring
from kamao.engine.cells import LIVE
from kamao.engine.pool import CellPool
from kamao.engine.trade.tools import make_tools
from kamao.kernel.clock import SystemClock
from kamao.runtime.demo import goods, parties
from kamao.runtime.demo.history import Acts
from kamao.runtime.demo.load import make_cast
from kamao.runtime.demo.stock import fund

_PAUSE_S = 3.0
_PACE_PER_ROUND = 0.02
"""A round's share of an ordinary day's orders."""


def trade(stopping: threading.Event) -> None:
    """Trade until told to stop; every round is one transaction, and a round that fails is tried again."""
    clock = SystemClock()
    players = parties.organisations(at=clock.now())
    cast = make_cast(players, goods.library(at=parties.first_day(clock.now())))
    tools = make_tools(LIVE, node_keyring())
    pool = CellPool(settings.KAMAO_CONNINFO, LIVE, size=1)
    rng = random.Random()
    while not stopping.wait(_PAUSE_S * (0.5 + rng.random())):
        prefix = f"{time.time_ns() // 1_000_000:x}"
        try:
            with pool.transaction() as connection:
                acts = Acts(connection, cast, clock=clock, tools=tools, rng=rng, prefix=prefix)
                day = clock.now().date().isoformat()
                fund(
                    connection,
                    list(cast.merchants.values()),
                    key=f"live:{day}",
                    amount_minor=450_000,
                    at=clock.now(),
                    tools=tools,
                )
                acts.restock()
                acts.prepaid(_PACE_PER_ROUND)
                acts.shoppers(_PACE_PER_ROUND)
                acts.by_hand()
        except psycopg.OperationalError:
            # The database is restarting, or a lock did not come: the next round tries again.
            stopping.wait(_PAUSE_S)
    pool.close()
