"""Game titles of the public "Steam Store Games" data set (CC BY 4.0) as library rows: a catalogue of full
size.

For benches and search at scale. The file has titles, makers and genres; prices are made up, repeatably, from
a checksum of the row. Reads the file's own columns: index, title, developer, publisher, categories, genres.
"""

import zlib
from collections.abc import Iterable, Mapping
from typing import Final

from kamao.business.catalog.rows import LibraryRow
from kamao.business.catalog.text import fold
from kamao.kernel.money import E4

CATEGORY: Final = "PC 游戏"
_PRICES_YUAN: Final = (
    6,
    11,
    15,
    21,
    22,
    26,
    33,
    37,
    42,
    48,
    52,
    60,
    68,
    70,
    76,
    80,
    90,
    98,
    116,
    136,
    158,
    198,
    248,
    298,
)
_GENRES: Final[dict[str, str]] = {
    "Action": "动作", "Adventure": "冒险", "Indie": "独立", "Casual": "休闲", "Strategy": "策略", "Simulation": "模拟",
    "RPG": "角色扮演", "Free to Play": "免费", "Racing": "竞速", "Sports": "体育", "Massively Multiplayer": "大型多人",
    "Early Access": "抢先体验",
}  # fmt: skip
_OTHER: Final = ("其他", "Other")


def _clean(value: str) -> str:
    return " ".join(value.replace("<", " ").replace(">", " ").split())[:96]


def steam_rows(records: Iterable[Mapping[str, str]]) -> list[LibraryRow]:
    """Return one row per title; a title that its publisher has twice gets its number behind it."""
    rows: list[LibraryRow] = []
    seen: set[tuple[str, str]] = set()
    for record in records:
        title = _clean(record["title"])
        publisher = _clean(record["publisher"].split(";")[0]) or _clean(record["developer"].split(";")[0])
        if not title:
            continue
        if (publisher, title) in seen:
            title = f"{title[:84]} #{record['index']}"
        seen.add((publisher, title))
        genre = record["genres"].split(";")[0]
        genre_zh, genre_en = (_GENRES[genre], genre) if genre in _GENRES else _OTHER
        digest = zlib.crc32(f"{record['index']}|{record['title']}".encode())
        official = _PRICES_YUAN[digest % len(_PRICES_YUAN)] * E4
        rows.append(
            LibraryRow(
                code=f"steam-{record['index']}",
                category=f"{CATEGORY} > {genre_zh}",
                category_en=f"PC games > {genre_en}",
                brand=publisher,
                product=title,
                variant="",
                kind="manual",
                instrument="software_key",
                official_price_e4=official,
                official_source="made up for benches",
                supply_price_e4=official * (600 + digest // 7 % 280) // 1000,
                region="全球",
                promise_s=86_400,
                warranty_days=7,
                after_sales="code",
                text="pc-game",
                scenes=("leisure",),
                weight=digest // 11 % 500,
                max_quantity=10,
            )
        )
    assert all(fold(row.product) for row in rows), "titles are text"
    return rows
