"""Search over the standard library: written, pinyin, initials, confused sounds, typing errors, full width,
traditional.

The index is a table of ``tsvector`` built from our own lexemes (``text``) when goods are loaded, so every
node sees the same answer in the same transaction and no process holds an index. A query runs in at most three
steps, each wider than the one before and asked only if that one found nothing:

1. *strict*: every part of the query occurs as written, as pinyin or as initials;
2. *forgiving*: parts may also sound alike or be one typing error away from a known term;
3. *partial*: at least half of the parts occur.

Why not pg_trgm: the embedded PostgreSQL lacks it, and trigrams know nothing of pinyin.
"""

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Final
from uuid import UUID

import msgspec
from django.db import connection
from rapidfuzz.distance import OSA

from kamao.business.catalog import text
from kamao.business.catalog.filters import NO_FILTER, SkuFilter

RESULTS_MAX: Final = 400
"""No search returns more; whoever wants more narrows the query."""

_CORRECTIONS_MAX: Final = 6
_PREFIX_MIN: Final = 2
_LONG: Final = 4


class Hit(msgspec.Struct, frozen=True):
    """One SKU found, with the step that found it (1 strict, 2 forgiving, 3 partial)."""

    sku_id: UUID
    product_id: UUID
    step: int


class _Part(msgspec.Struct, frozen=True):
    """One run of Han characters, or one Latin word, of a query."""

    written: str
    han: bool
    sound: str


def _quote(lexeme: str, *, prefix: bool = False) -> str:
    """One operand of a tsquery. Lexemes hold Han characters, a-z, 0-9 and the point; nothing needs
    escaping.
    """
    return f"'{lexeme[: text.LEXEME_MAX]}'" + (":*" if prefix else "")


@lru_cache(maxsize=20_000)
def _character(char: str) -> tuple[str, str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT simplified, pinyin FROM catalog_character WHERE character = %s", [char])
        row = cursor.fetchone()
    return (row[0], row[1]) if row else (char, char)


def characters_in(query: str) -> text.Characters:
    """Return simplified forms and pinyin of a query's characters; looked up once per process and
    character.
    """
    rows = {char: _character(char) for char in text.han_characters(query)}
    simplified = {char: row[0] for char, row in rows.items()}
    pinyin = {char: row[1] for char, row in rows.items()}
    for char in set(simplified.values()) - set(pinyin):
        pinyin[char] = _character(char)[1]
    return text.Characters(simplified=simplified, pinyin=pinyin)


def _parts(query: str, characters: text.Characters) -> list[_Part]:
    parts: list[_Part] = []
    run: list[str] = []
    for unit in [*text.units(query), ""]:
        if unit and text.is_han(unit):
            run.append(unit)
            continue
        if run:
            sound = "".join(characters.pinyin.get(char, char) for char in run)
            parts.append(_Part(written="".join(run), han=True, sound=sound))
            run = []
        if unit:
            parts.append(_Part(written=unit, han=False, sound=unit))
    return parts


def _bigrams(run: str) -> list[str]:
    if len(run) == 1:
        return [_quote("h." + run)]
    return [_quote("h." + run[start : start + 2]) for start in range(len(run) - 1)]


def _strict(part: _Part, *, alone: bool, last: bool) -> str:
    """A part as written, as pinyin or as initials. The last word may be unfinished; long ones always may."""
    if part.han:
        return "(" + " & ".join(_bigrams(part.written)) + ")"
    word = part.written
    if word.isdigit():
        return _quote("w." + word)
    if len(word) < _PREFIX_MIN:
        return _quote("b." + word) if alone else f"({_quote('w.' + word)} | {_quote('i.' + word)})"
    options = [_quote("w." + word, prefix=last or len(word) >= _LONG), _quote("p." + word, prefix=True)]
    if alone or last or len(word) >= _LONG:
        options.append(_quote("i." + word, prefix=True))
    if len(word) >= _LONG:
        options.append(_quote("j." + word, prefix=True))
    return "(" + " | ".join(options) + ")"


def _forgiving(part: _Part, corrections: Sequence[str]) -> str:
    options = [_strict(part, alone=False, last=False)]
    if not part.sound.isdigit() and len(part.sound) >= _PREFIX_MIN:
        options.append(_quote("f." + text.fold_pinyin(part.sound), prefix=True))
        if part.han:
            options.append(_quote("p." + part.sound, prefix=True))
    for term in corrections:
        options += [_quote("w." + term), _quote("p." + term, prefix=True)]
    return "(" + " | ".join(options) + ")"


def _pieces(parts: Sequence[_Part], corrections: Sequence[Sequence[str]]) -> list[str]:
    """The smallest parts of a query that tell goods apart, of which half must occur in the last step."""
    pieces: list[tuple[str, str]] = []
    for part, terms in zip(parts, corrections, strict=True):
        if part.han and len(part.written) > 1:
            pieces += [("h." + part.written[at : at + 2], _quote("h." + part.written[at : at + 2]))
                       for at in range(len(part.written) - 1)]  # fmt: skip
        elif len(part.written) >= _PREFIX_MIN and not part.written.isdigit():
            pieces.append(("w." + part.written, _forgiving(part, terms)))
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT lexeme FROM catalog_search_common WHERE lexeme = ANY(%s)", [[key for key, _ in pieces]]
        )
        common = {row[0] for row in cursor.fetchall()}
    rare = [piece for key, piece in pieces if key not in common]
    return rare or [piece for _, piece in pieces]


_TERMS_SQL: Final = "SELECT term FROM catalog_search_term WHERE deletions && %s::text[]"


def _corrections(part: _Part) -> list[str]:
    """Return known terms within one typing error (two in long words), the nearest first."""
    word = part.sound
    if not 4 <= len(word) <= 24 or word.isdigit():
        return []
    with connection.cursor() as cursor:
        cursor.execute(_TERMS_SQL, [text.deletions(word)])
        terms = [row[0] for row in cursor.fetchall()]
    allowed = 1 if len(word) < 8 else 2
    near = sorted((OSA.distance(word, term), term) for term in terms)
    return [term for distance, term in near if distance <= allowed][:_CORRECTIONS_MAX]


_SELECT: Final = """
SELECT d.sku_id, d.product_id FROM catalog_search_document d
WHERE d.lexemes @@ %s::text::tsquery{filters}{partial}
ORDER BY {score} DESC, d.weight DESC, length(d.name), d.sku_id
LIMIT %s
"""


_NARROWED: Final = " AND EXISTS (SELECT 1 FROM catalog_sku s WHERE s.id = d.sku_id{})"


def _run(
    tsquery: str, *, compact: str, exact: str, filters: SkuFilter, limit: int, pieces: Sequence[str] = ()
) -> list[tuple[UUID, UUID]]:
    where, values = filters.sql()
    narrowed = _NARROWED.format(where) if where else ""
    arguments: list[Any] = [tsquery, *values]
    partial = ""
    score = (
        "(d.name = %s)::int * 8 + (d.lexemes @@ %s::text::tsquery)::int * 2 + starts_with(d.name, %s)::int"
    )
    if pieces:
        matched = " + ".join(["(d.lexemes @@ %s::text::tsquery)::int"] * len(pieces))
        partial = f" AND {matched} >= %s"
        arguments += [*pieces, (len(pieces) + 1) // 2]
        score = f"({matched}) * 16 + {score}"
        arguments += pieces
    arguments += [compact, exact, compact, limit]
    with connection.cursor() as cursor:
        cursor.execute(_SELECT.format(filters=narrowed, partial=partial, score=score), arguments)
        rows: list[tuple[UUID, UUID]] = cursor.fetchall()
    return rows


def _exact(parts: Sequence[_Part]) -> str:
    """Every part as written: what ranks before a mere prefix or a sound."""
    operands: list[str] = []
    for part in parts:
        operands += _bigrams(part.written) if part.han else [_quote("w." + part.written)]
    return " & ".join(operands)


def normalise_query(query: str) -> str:
    """Return a query folded, cut and without control characters: what is searched for, logged and shown."""
    cut = re.sub(r"[\x00-\x1f\x7f]", " ", query)[: text.QUERY_MAX * 2]
    return text.fold(cut)[: text.QUERY_MAX]


def find_skus(query: str, *, filters: SkuFilter = NO_FILTER, limit: int = 60) -> list[Hit]:
    """Return the SKUs a query means, best first, at most ``limit`` (and ``RESULTS_MAX``).

    An empty query, or one of punctuation only, finds nothing. Later steps only add hits behind earlier ones.
    """
    folded = normalise_query(query)
    characters = characters_in(folded)
    parts = _parts(text.simplify(folded, characters), characters)[:12]
    if not parts:
        return []
    limit = min(limit, RESULTS_MAX)
    compact = "".join(part.written for part in parts)
    exact = _exact(parts)
    hits: dict[UUID, Hit] = {}

    def widen(step: int, tsquery: str, pieces: Sequence[str] = ()) -> bool:
        rows = _run(tsquery, compact=compact, exact=exact, filters=filters, limit=limit, pieces=pieces)
        for sku_id, product_id in rows:
            hits.setdefault(sku_id, Hit(sku_id=sku_id, product_id=product_id, step=step))
        return bool(hits)

    joined = ""
    if len(parts) > 1 and compact.isascii():
        joined = f" | {_quote('j.' + compact)} | {_quote('w.' + compact, prefix=True)}"
    strict = [_strict(part, alone=len(parts) == 1, last=part is parts[-1]) for part in parts]
    if widen(1, f"({' & '.join(strict)}){joined}"):
        return list(hits.values())[:limit]
    corrections = [_corrections(part) for part in parts]
    forgiving = [_forgiving(part, terms) for part, terms in zip(parts, corrections, strict=True)]
    if widen(2, " & ".join(forgiving)):
        return list(hits.values())[:limit]
    pieces = _pieces(parts, corrections)
    if pieces and (len(pieces) > 1 or len(parts) > 1):
        widen(3, " | ".join(pieces), pieces)
    return list(hits.values())[:limit]


_SUGGEST: Final = """
SELECT p.slug, p.name_zh, p.name_en FROM unnest(%s::uuid[]) WITH ORDINALITY AS f(id, place)
JOIN catalog_product p ON p.id = f.id ORDER BY f.place
"""


class Suggestion(msgspec.Struct, frozen=True):
    """A product to complete a query with."""

    slug: str
    name_zh: str
    name_en: str


def suggest(query: str, *, filters: SkuFilter = NO_FILTER, limit: int = 8) -> list[Suggestion]:
    """Return up to ``limit`` distinct products for what was typed so far."""
    hits = find_skus(query, filters=filters, limit=limit * 8)
    products = list(dict.fromkeys(hit.product_id for hit in hits))[:limit]
    if not products:
        return []
    with connection.cursor() as cursor:
        cursor.execute(_SUGGEST, [products])
        return [Suggestion(slug=row[0], name_zh=row[1], name_en=row[2]) for row in cursor.fetchall()]
