"""Builds the search index from the library: characters once, then documents and terms for given SKUs.

Set-based and transactional: whoever changes names calls ``index_skus`` in the same transaction, so that every
node finds the new name from the commit on. Dictionaries (pypinyin, OpenCC) are loaded here only, never to
answer a query.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from importlib import import_module
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from kamao.business.catalog import bulk, text

_NAMES = """
SELECT s.id, p.name_zh, s.variant_zh, p.name_en, s.variant_en, p.aliases, coalesce(b.name_zh, ''),
    coalesce(b.name_en, ''), b.name_zh IS NOT NULL AND position(b.name_zh in p.name_zh) = 0, s.product_id,
    s.weight
FROM catalog_sku s
JOIN catalog_product p ON p.id = s.product_id
LEFT JOIN catalog_brand b ON b.id = s.brand_id
WHERE s.id = ANY(%s::uuid[]) AND s.status = 'active' AND p.status = 'active'
"""

_STAGE = """
CREATE TEMP TABLE IF NOT EXISTS stage_document
    (sku_id uuid, product_id uuid, weight integer, name text, lexemes text[]) ON COMMIT DROP
"""

_MERGE_DOCUMENTS = """
INSERT INTO catalog_search_document AS d (sku_id, product_id, weight, name, lexemes)
SELECT sku_id, product_id, weight, name, array_to_tsvector(lexemes) FROM pg_temp.stage_document
ON CONFLICT (sku_id) DO UPDATE SET product_id = EXCLUDED.product_id, weight = EXCLUDED.weight,
    name = EXCLUDED.name, lexemes = EXCLUDED.lexemes
WHERE (d.product_id, d.weight, d.name, d.lexemes)
    IS DISTINCT FROM (EXCLUDED.product_id, EXCLUDED.weight, EXCLUDED.name, EXCLUDED.lexemes)
"""

_DROP_DOCUMENTS = """
DELETE FROM catalog_search_document d WHERE d.sku_id = ANY(%s::uuid[])
    AND d.sku_id NOT IN (SELECT sku_id FROM pg_temp.stage_document)
"""

_COMMON = """
INSERT INTO catalog_search_common (lexeme, documents)
SELECT word, ndoc FROM ts_stat('SELECT lexemes FROM catalog_search_document')
WHERE ndoc >= %s AND word ~ '^[wh]'
"""

COMMON_FROM = 400
"""A word in at least so many documents is no help in finding one; the last step of a search leaves it out."""

BULK_FROM = 2_000
"""From so many SKUs at once the statistics are made new: of the planner, and of which words are common."""


def ensure_characters() -> text.Characters:
    """Return what is known of every Han character, filling the table on first use (about 21 000 rows)."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT character, simplified, pinyin FROM catalog_character")
        rows = cursor.fetchall()
        if not rows:
            rows = _dictionaries().character_rows()
            bulk.upsert_rows(
                "catalog_character", ("character", "simplified", "pinyin"), rows, key=("character",)
            )
    return text.Characters(
        simplified={row[0]: row[1] for row in rows if row[0] != row[1]},
        pinyin={row[0]: row[2] for row in rows},
    )


@lru_cache(maxsize=4_096)
def _phrase(run: str) -> tuple[str, ...]:
    sounds: tuple[str, ...] = _dictionaries().phrase_sounds(run)
    return sounds


def _dictionaries() -> Any:
    """The module of dictionaries, imported when goods are indexed and never to answer a query."""
    return import_module("kamao.business.catalog.dictionaries")


def _phrase_sounds(name: str) -> list[str]:
    """Sounds of a name read as a phrase (音乐 is yinyue, not yinle), one per unit."""
    parts = text.units(name)
    sounds = iter(_phrase("".join(part for part in parts if text.is_han(part))))
    return [next(sounds) if text.is_han(part) else part for part in parts]


def _readings(name: str, characters: text.Characters) -> list[list[str]]:
    if name.isascii() or not text.han_characters(name):
        return []
    readings = [text.sounds_of(name, characters)]
    phrase = _phrase_sounds(name)
    if phrase != readings[0]:
        readings.append(phrase)
    return readings


def _spellings(row: Sequence[object], characters: text.Characters) -> list[str]:
    _, name_zh, variant_zh, name_en, variant_en, aliases, brand_zh, brand_en, brand_apart, *_ = row
    names = [f"{name_zh} {variant_zh}"]
    if brand_apart:
        names.append(f"{brand_zh} {name_zh} {variant_zh}")
    if name_en:
        names.append(f"{name_en} {variant_en or variant_zh}")
    if brand_en and str(brand_en).lower() not in str(name_en).lower():
        names.append(str(brand_en))
    assert isinstance(aliases, list), "an array column"
    names += [f"{alias} {variant_zh}" for alias in aliases]
    return list(dict.fromkeys(text.simplify(text.fold(name), characters) for name in names))


def _documents(
    rows: Iterable[Sequence[object]], characters: text.Characters, terms: set[str]
) -> Iterator[tuple[object, ...]]:
    for row in rows:
        spellings = _spellings(row, characters)
        lexemes: set[str] = set()
        for spelling in spellings:
            for variant in text.variants(spelling):
                lexemes |= text.lexemes_of(variant, _readings(variant, characters))
        terms |= text.terms_of(spellings, characters)
        yield row[0], row[-2], row[-1], text.compact(spellings[0])[:200], sorted(lexemes)


def index_skus(sku_ids: Sequence[UUID]) -> int:
    """Bring the search documents of SKUs up to date, with the terms they bring; returns how many are indexed.

    SKUs that are not active (or whose product is not) are taken out of the index.
    """
    if not sku_ids:
        return 0
    characters = ensure_characters()
    terms: set[str] = set()
    with connection.cursor() as cursor:
        cursor.execute(_NAMES, [list(sku_ids)])
        rows = cursor.fetchall()
        cursor.execute(_STAGE)
        cursor.execute("DELETE FROM pg_temp.stage_document")
        columns = ("sku_id", "product_id", "weight", "name", "lexemes")
        bulk.copy_rows("stage_document", columns, _documents(rows, characters, terms))
        cursor.execute(_MERGE_DOCUMENTS)
        if len(rows) < len(set(sku_ids)):
            cursor.execute(_DROP_DOCUMENTS, [list(sku_ids)])
        cursor.execute("SELECT term FROM catalog_search_term WHERE term = ANY(%s)", [sorted(terms)])
        terms -= {row[0] for row in cursor.fetchall()}
    new = [(term, text.deletions(term)) for term in sorted(terms)]
    bulk.upsert_rows("catalog_search_term", ("term", "deletions"), new, key=("term",))
    if len(sku_ids) >= BULK_FROM:
        refresh_statistics()
    return len(rows)


def refresh_statistics() -> None:
    """Count the common words anew and let the planner know the tables; for after a bulk load."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM catalog_search_common")
        cursor.execute(_COMMON, [COMMON_FROM])
        for table in ("catalog_search_document", "catalog_search_term", "catalog_sku", "catalog_product"):
            cursor.execute(f"ANALYZE {table}")


def set_weights(weights: Mapping[UUID, int]) -> None:
    """Set the popularity of SKUs, in the library and in the search index: one statement each."""
    arguments: list[Any] = [list(weights), list(weights.values())]
    with transaction.atomic(), connection.cursor() as cursor:
        for table, key in (("catalog_sku", "id"), ("catalog_search_document", "sku_id")):
            cursor.execute(
                f"UPDATE {table} t SET weight = n.weight "  # noqa: S608  names are ours
                "FROM unnest(%s::uuid[], %s::integer[]) AS n (id, weight) "
                f"WHERE t.{key} = n.id AND t.weight <> n.weight",
                arguments,
            )
