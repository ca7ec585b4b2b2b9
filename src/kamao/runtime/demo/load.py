"""Loading the demo: parties, goods, opening stock, the story, test mode. Each step sees what is there and
adds the rest.
"""

import random
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Protocol

import msgspec
from django.conf import settings

from kamao.business.engine_tools import tools_for
from kamao.business.identity.models import Organisation
from kamao.business.keyring import node_keyring
from kamao.engine.cells import LIVE, TEST, Cell
from kamao.engine.pool import CellPool
from kamao.kernel.clock import business_day
from kamao.runtime.demo import goods, parties, script
from kamao.runtime.demo.goods import Ware
from kamao.runtime.demo.history import Cast, trade_day
from kamao.runtime.demo.stock import add_codes, free_by_offer, fund

_TEST_FUNDS_MINOR = 10_000_000


class Context(Protocol):
    """What the loader is told (see ``runtime.load_demo``)."""

    home: Path
    base_url: str
    existing: dict[str, object] | None


def load(context: Context) -> dict[str, Any]:
    """Load what is missing of the demo and return the content of ``demo.json``."""
    began = time.perf_counter()
    now = datetime.now(UTC)
    start = parties.first_day(business_day(now) - timedelta(days=script.HISTORY_DAYS))
    players = parties.organisations(at=start)
    wares = goods.library(at=start)
    goods.offers(players, wares, at=start)
    shop = goods.shops(players, at=start)
    goods.dress(shop, wares, at=start)
    for cell in (LIVE, TEST):
        _open_market(cell, players, wares, at=start)
    days = _history(players, wares, start=start, now=now)
    existing: dict[str, Any] = context.existing or {}
    logins = parties.logins(players, existing=existing.get("users", []), at=now)
    content = {
        "users": [msgspec.to_builtins(login) for login in logins],
        "api_keys": parties.api_keys(players, existing=existing.get("api_keys", {}), at=now),
        "shop_path": f"/s/{shop.slug}/",
        "shop_url": f"{context.base_url}/s/{shop.slug}/",
        "skus": [ware.code for ware in wares if ware.stocked][:20],
    }
    print(f"demo: {days} days traded, {time.perf_counter() - began:.1f} s", flush=True)
    return content


def _open_market(cell: Cell, players: dict[str, Organisation], wares: list[Ware], *, at: datetime) -> None:
    """Prices, opening stock and, in test mode, opening money; all in one transaction that happens once."""
    tools = tools_for(cell)
    rng = random.Random(f"{script.SEED}:{cell.schema}")
    pool = CellPool(settings.KAMAO_CONNINFO, cell, size=1)
    try:
        with pool.transaction() as connection:
            merchants = list(parties.merchant_ids(players).values())
            amount = _TEST_FUNDS_MINOR if cell is TEST else 100
            if not fund(connection, merchants, key="opening", amount_minor=amount, at=at, tools=tools):
                return
            goods.prices(connection, players, wares, at=at)
            free = free_by_offer(connection)
            for key in ("xinghai", "jinli"):
                supplier = players[key].id
                offers = goods.offers_by_sku(connection, supplier)
                wanted = [
                    (ware, offers[ware.id])
                    for ware in wares
                    if ware.stocked and ware.id in offers and not free.get(offers[ware.id])
                ]
                add_codes(
                    connection,
                    wanted,
                    supplier=supplier,
                    count=script.STOCK_START,
                    at=at,
                    tools=tools,
                    rng=rng,
                )
    finally:
        pool.close()


def make_cast(players: dict[str, Organisation], wares: list[Ware]) -> Cast:
    """Return who trades what."""
    merchants = parties.merchant_ids(players)
    return Cast(
        merchants,
        {key: players[key].id for key in ("xinghai", "jinli", "dongfeng")},
        tuple(ware for ware in wares if ware.weight > 0),
        merchants["maomi"],
    )


def _history(players: dict[str, Organisation], wares: list[Ware], *, start: datetime, now: datetime) -> int:
    """Trade every day of the story that was not traded yet; return how many were."""
    cast, keyring = make_cast(players, wares), node_keyring()
    pool = CellPool(settings.KAMAO_CONNINFO, LIVE, size=1)
    traded = 0
    try:
        for day in range(script.HISTORY_DAYS):
            if start + timedelta(days=day + 1) > now:
                break
            with pool.transaction() as connection:
                traded += trade_day(connection, cast, day, start=start, keyring=keyring)
    finally:
        pool.close()
    return traded
