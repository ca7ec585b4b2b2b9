"""F7 and F8: listing a catalogue of some 27 000 SKUs with one click, and searching it.

The titles are the shared data set's where it lies beside the project, otherwise made-up ones of the same
number.
"""

import random
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from kamao.business.catalog.loading import load_rows
from kamao.business.catalog.rows import parse_rows, read_csv
from kamao.business.catalog.search import find_skus
from kamao.business.catalog.steam import steam_rows
from kamao.business.catalog.templates import CATALOGUE
from kamao.business.identity import audit
from kamao.business.identity.operations import register_organisation
from kamao.business.shops.listing_rules import RuleDraft, add_rules
from kamao.business.shops.operations import open_shop
from kamao.business.shops.pages import shop_page
from kamao.business.supply.offers import OfferDraft, put_supplier_offers
from kamao.engine.pool import CellPool
from kamao.runtime.bench.prepare import stock
from kamao.runtime.bench.report import Measure
from kamao.runtime.home import CHECKOUT

_TITLES: Final = CHECKOUT.parent / "shared" / "data" / "steam-titles.csv"
_MADE_UP: Final = 27_000
_STOCKED: Final = 60
_CHINESE: Final = (
    "腾讯视频", "腾讯会员", "爱奇艺年卡", "优酷", "话费100", "中国移动", "qq音乐", "网易云", "原神", "王者荣耀点券", "百度网盘",
    "京东e卡", "ｑｑ", "騰訊視頻", "txsp", "tengxun", "aiqiyi", "yuanshen", "wzry", "huafei", "wangyiyun", "腾迅视频",
    "爱奇异", "stem", "couter strike", "half lfe", "portal", "dota", "football manger", "farming simulator",
)  # fmt: skip


def _rows(path: Path) -> list[dict[str, str]]:
    if path.is_file():
        return list(read_csv(path))
    rng = random.Random(7)
    words = [
        f"{a}{b}" for a in ("Star", "Iron", "Moon", "Dark", "Sky", "Wild") for b in ("fall", "craft", "heart")
    ]
    return [
        {
            "index": str(number),
            "title": f"{rng.choice(words)} {rng.choice(words)} {number}",
            "developer": f"Studio {number % 900}",
            "publisher": f"House {number % 300}",
            "categories": "Single-player",
            "genres": rng.choice(("Action", "Indie", "RPG")),
        }
        for number in range(_MADE_UP)
    ]


def f7_f8(pool: CellPool) -> list[Measure]:
    """Load the catalogue with offers, list it with one rule, read the first page; then search."""
    at = datetime.now(UTC)
    library, _ = parse_rows(read_csv(CATALOGUE))
    titles = steam_rows(_rows(_TITLES))
    load_rows(library, at=at)
    report = load_rows(titles, at=at)
    names = ("bench shop", "bench games")
    shopkeeper, supplier = (
        register_organisation(kind=kind, legal_name=name, display_name=name, actor=audit.SYSTEM, at=at)
        for kind, name in zip(("merchant", "supplier"), names, strict=True)
    )
    drafts = [
        OfferDraft(sku=sku, unit_price_e4=row.supply_price_e4 or 100_000)
        for sku, row in zip(report.skus, titles, strict=True)
    ]
    outcomes = put_supplier_offers(supplier.id, drafts, at=at)
    offers = [outcome.offer for outcome in outcomes if outcome.offer is not None]
    for sku, offer in list(zip(report.skus, offers, strict=True))[:_STOCKED]:
        stock(pool, offer=offer, sku=sku, supplier=supplier.id, count=2)
    shop = open_shop(shopkeeper, slug="bench-shop", name="bench", actor=audit.SYSTEM, at=at)
    began = time.perf_counter()
    add_rules(shop, [RuleDraft(markup_per_mille=80, rounding="end_9")], actor=audit.SYSTEM, at=at)
    page = shop_page(shop, at=datetime.now(UTC))
    listed_s = time.perf_counter() - began
    if not page.listings:
        raise RuntimeError("the first page is empty, the run does not count")
    count = f"{len(report.skus):,} SKUs"
    p95_ms = _search_p95_ms([row.product for row in titles])
    return [
        Measure("F7", f"list {count} with one rule, first page", listed_s, "s", 1, 0.1, is_limit=True),
        Measure("F8", f"search p95 over {count}", p95_ms, "ms", 30, 10,
                is_limit=True),
    ]  # fmt: skip


def _search_p95_ms(titles: list[str]) -> float:
    rng = random.Random(11)
    queries = list(_CHINESE) * 4
    for title in rng.sample(titles, 180):
        word = max(title.split(), key=len)[:12]
        queries.append(word)
        if len(word) > 5:
            place = rng.randrange(1, len(word) - 1)
            queries.append(word[:place] + word[place + 1 :])
    rng.shuffle(queries)
    for query in queries[:20]:
        find_skus(query, limit=24)
    times = []
    for query in queries:
        began = time.perf_counter()
        find_skus(query, limit=24)
        times.append(time.perf_counter() - began)
    return sorted(times)[int(len(times) * 0.95)] * 1000
