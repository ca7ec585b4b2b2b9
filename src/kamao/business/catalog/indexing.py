"""Builds the search index from the library: characters once, then documents and terms for given SKUs.

Set-based and transactional: whoever changes names calls ``index_skus`` in the same transaction, so that every node
finds the new name from the commit on. Dictionaries (pypinyin, OpenCC) are loaded here only, never to answer a query.
"""

from collections.abc import Iterable, Iterator, Sequence
from uuid import UUID

from django.db import connection

from kamao.business.catalog import bulk, text

_HAN_FIRST, _HAN_LAST = 0x4E00, 0x9FFF

_NAMES = """
SELECT s.id, p.name_zh, s.variant_zh, p.name_en, s.variant_en, p.aliases, coalesce(b.name_zh, ''),
    coalesce(b.name_en, ''), b.name_zh IS NOT NULL AND position(b.name_zh in p.name_zh) = 0
FROM catalog_sku s JOIN catalog_product p ON p.id = s.product_id LEFT JOIN catalog_brand b ON b.id = s.brand_id
WHERE s.id = ANY(%s::uuid[])
"""

_MERGE_DOCUMENTS = """
INSERT INTO catalog_search_document (sku_id, name, lexemes)
SELECT sku_id, name, array_to_tsvector(lexemes) FROM pg_temp.stage_document
ON CONFLICT (sku_id) DO UPDATE SET name = EXCLUDED.name, lexemes = EXCLUDED.lexemes
WHERE (catalog_search_document.name, catalog_search_document.lexemes) IS DISTINCT FROM (EXCLUDED.name, EXCLUDED.lexemes)
"""


def ensure_characters() -> text.Characters:
    """Return what is known of every Han character, filling the table on first use (about 21 000 rows)."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT character, simplified, pinyin FROM catalog_character")
        rows = cursor.fetchall()
        if not rows:
            rows = _character_rows()
            bulk.upsert_rows("catalog_character", ("character", "simplified", "pinyin"), rows, key=("character",))
    return text.Characters(
        simplified={row[0]: row[1] for row in rows if row[0] != row[1]}, pinyin={row[0]: row[2] for row in rows}
    )


def _character_rows() -> list[tuple[str, str, str]]:
    from opencc import OpenCC  # noqa: PLC0415  dictionaries of many megabytes, wanted once per database
    from pypinyin import lazy_pinyin

    characters = [chr(point) for point in range(_HAN_FIRST, _HAN_LAST + 1)]
    simplified = OpenCC("t2s").convert("\n".join(characters)).split("\n")
    rows = []
    for character, simple in zip(characters, simplified, strict=True):
        sound = lazy_pinyin(simple, errors="ignore")
        rows.append((character, simple, sound[0] if sound else simple))
    return rows


def _phrase_sounds(name: str) -> list[str]:
    """Sounds of a name read as a phrase (音乐 is yinyue, not yinle), one per unit."""
    from pypinyin import lazy_pinyin  # noqa: PLC0415  as above

    parts = text.units(name)
    run = lazy_pinyin("".join(part for part in parts if text.is_han(part)), errors=list)
    sounds = iter(run)
    return [next(sounds) if text.is_han(part) else part for part in parts]


def _readings(name: str, characters: text.Characters) -> list[list[str]]:
    if not text.han_characters(name):
        return []
    readings = [text.sounds_of(name, characters)]
    phrase = _phrase_sounds(name)
    if phrase != readings[0]:
        readings.append(phrase)
    return readings


def _spellings(row: Sequence[object], characters: text.Characters) -> list[str]:
    _, name_zh, variant_zh, name_en, variant_en, aliases, brand_zh, brand_en, brand_apart = row
    names = [f"{name_zh} {variant_zh}"]
    if brand_apart:
        names.append(f"{brand_zh} {name_zh} {variant_zh}")
    if name_en:
        names.append(f"{name_en} {variant_en or variant_zh}")
    if brand_en and str(brand_en).lower() not in str(name_en).lower():
        names.append(str(brand_en))
    assert isinstance(aliases, list), "an array column"
    names += [f"{alias} {variant_zh}" for alias in aliases]
    return [text.simplify(text.fold(name), characters) for name in names]


def _documents(
    rows: Iterable[Sequence[object]], characters: text.Characters, terms: set[str]
) -> Iterator[tuple[object, str, list[str]]]:
    for row in rows:
        spellings = _spellings(row, characters)
        lexemes: set[str] = set()
        for spelling in spellings:
            for variant in text.variants(spelling):
                lexemes |= text.lexemes_of(variant, _readings(variant, characters))
        terms |= text.terms_of(spellings, characters)
        yield row[0], text.compact(spellings[0])[:200], sorted(lexemes)


def index_skus(sku_ids: Sequence[UUID]) -> int:
    """Write the search documents of SKUs and the terms they bring; returns how many SKUs were indexed."""
    if not sku_ids:
        return 0
    characters = ensure_characters()
    terms: set[str] = set()
    with connection.cursor() as cursor:
        cursor.execute(_NAMES, [list(sku_ids)])
        rows = cursor.fetchall()
        cursor.execute(
            "CREATE TEMP TABLE IF NOT EXISTS stage_document (sku_id uuid, name text, lexemes text[]) ON COMMIT DROP"
        )
        cursor.execute("DELETE FROM pg_temp.stage_document")
        bulk.copy_rows("stage_document", ("sku_id", "name", "lexemes"), _documents(rows, characters, terms))
        cursor.execute(_MERGE_DOCUMENTS)
        cursor.execute("SELECT term FROM catalog_search_term WHERE term = ANY(%s)", [sorted(terms)])
        terms -= {row[0] for row in cursor.fetchall()}
    new = [(term, text.deletions(term)) for term in sorted(terms)]
    bulk.upsert_rows("catalog_search_term", ("term", "deletions"), new, key=("term",))
    return len(rows)
