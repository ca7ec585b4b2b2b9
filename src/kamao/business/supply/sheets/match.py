"""Matching a supplier's row to the library: deterministic, exact in every number, unit and kind.

Owns the decision "this row is that SKU" and its explanation. Refuses to guess: two candidates, a missing
number, an unstated kind or a word it does not know make the row one for a person. Similarity only ranks
suggestions.
"""

import re

import msgspec
from rapidfuzz import fuzz, process

from kamao.business.supply.sheets import words
from kamao.business.supply.sheets.attributes import Attribute, Parsed, canonical_core, parse
from kamao.business.supply.sheets.index import LOOSE, SAME, Entry, SkuIndex
from kamao.business.supply.sheets.library import LibrarySku
from kamao.business.supply.sheets.text import compact, fold, joined

CONFIDENCE = {0: 100, SAME: 99, LOOSE: 97}
"""Percent shown to people; only these three are ever matched without a person."""

_REGIONS_UNSTATED = frozenset({"CN", "GLOBAL", *words.PROVINCES})
"""What a row may mean that names no region: the mainland, everywhere, a province in the goods' own name."""

_LAST_NUMBER = re.compile(r"(.*?)_?(\d+(?:\.\d+)?)(\D*)")
_VALUE_KINDS = frozenset({"face", "count"})
_BRANDS_STRIPPED_MAX = 3


class RowTitle(msgspec.Struct, frozen=True):
    """What one row says about its goods. ``kinds`` come from columns and the sheet's own title, not from the
    name.

    ``spec_is_face`` is set where the column's header says that bare numbers are face values.
    """

    name: str
    spec: str = ""
    brand: str = ""
    kinds: frozenset[str] = frozenset()
    region: str = ""
    context: str = ""
    spec_is_face: bool = False


class Match(msgspec.Struct, frozen=True):
    """The answer for one row: a SKU with confidence, or a reason code and what came close.

    Reasons: matched · name_missing · product_unknown · variant_unknown · variant_unstated · kind_differs ·
    kind_unstated · kind_conflict · region_differs · brand_differs · ambiguous.
    """

    sku: LibrarySku | None
    confidence: int
    reason: str
    notes: tuple[str, ...] = ()
    near: tuple[LibrarySku, ...] = ()


class _Row(msgspec.Struct):
    """A row taken apart, with every core under which its product may be known."""

    plain: list[str]
    cores: list[tuple[str, frozenset[str], bool]]
    attributes: frozenset[Attribute]
    kinds: frozenset[str]
    spelt: frozenset[str]
    regions: frozenset[str]
    brand: str


def match_row(row: RowTitle, index: SkuIndex) -> Match:
    """Match one row against the library."""
    if not compact(row.name) and not compact(row.spec):
        return Match(None, 0, "name_missing")
    parsed = _take_apart(row, index)
    if len({_delivery(kind) for kind in parsed.kinds | parsed.spelt}) > 1:
        return Match(None, 0, "kind_conflict", near=_near(_hits(parsed, index), index))
    exact = [index.entries[hit] for key in parsed.plain for hit in index.named(key)]
    found = _decide(exact, parsed, 0, index)
    if found.sku:
        return found
    by_level = _hits(parsed, index)
    answer: Match | None = None
    for level in (SAME, LOOSE):
        entries = [index.entries[hit] for hit, at in by_level.items() if at <= level]
        answer = _decide(entries, parsed, level, index)
        if answer.sku or answer.reason == "ambiguous":
            break
    if answer and (answer.sku or answer.reason != "product_unknown"):
        return answer
    if row.context and not row.brand:
        return match_row(msgspec.structs.replace(row, brand=row.context, context=""), index)
    return Match(None, 0, "product_unknown")


def _take_apart(row: RowTitle, index: SkuIndex) -> _Row:
    name, spec = parse(row.name, index.units), parse(row.spec, index.units)
    spec_core, attributes = _bare_number(spec, row.spec_is_face)
    attributes |= name.attributes
    texts = [joined((row.name, row.spec)), row.name]
    if row.brand:
        texts.append(joined((row.brand, row.name, row.spec)))
    cores: list[tuple[str, frozenset[str], bool]] = []
    brand = canonical_core(fold(row.brand))
    for parsed_core, loosened in ((name.core, False), (name.loose, True)):
        core = parsed_core if spec_core and parsed_core.endswith(spec_core) else parsed_core + spec_core
        for base in _with_units(core, attributes):
            _add_core(cores, base, index, loosened=loosened)
            if brand:
                _add_core(cores, brand + base, index, loosened=loosened)
            if row.region and "电费" in base:
                _add_core(
                    cores, fold(row.region).removesuffix("省").removesuffix("市") + base, index, loosened=True
                )
    return _Row(
        plain=[compact(text) for text in texts[: 1 if row.spec else 2] + texts[2:]],
        cores=cores,
        attributes=attributes,
        kinds=row.kinds,
        spelt=name.kinds | spec.kinds,
        regions=name.regions | spec.regions | _row_regions(row.region),
        brand=brand,
    )


def _bare_number(spec: Parsed, is_face: bool) -> tuple[str, frozenset[Attribute]]:
    """Read a specification that is nothing but a number: it may stand for a face value or a count."""
    if re.fullmatch(r"\d+(?:\.\d+)?", spec.core) and not spec.attributes:
        value = spec.core.rstrip("0").rstrip(".") if "." in spec.core else spec.core
        return "", frozenset({Attribute("face" if is_face else "number", value)})
    return spec.core, spec.attributes


def _row_regions(text: str) -> frozenset[str]:
    if not text.strip():
        return frozenset()
    from_words = parse(text).regions
    if from_words:
        return from_words
    stem = fold(text).removesuffix("省").removesuffix("市")
    return frozenset({stem}) if stem in words.PROVINCES else frozenset({f"?{stem}"})


def _with_units(core: str, attributes: frozenset[Attribute]) -> list[str]:
    units = {attribute.unit for attribute in attributes if attribute.unit}
    return [core, *(core + unit for unit in sorted(units) if not core.endswith(unit))]


def _add_core(
    cores: list[tuple[str, frozenset[str], bool]], core: str, index: SkuIndex, *, loosened: bool
) -> None:
    """Enter a core as it is and with leading or trailing brands taken off; the brands must then be the
    SKU's.
    """
    stripped: frozenset[str] = frozenset()
    rest = core
    for _ in range(_BRANDS_STRIPPED_MAX):
        if rest:
            cores.append((rest, stripped, loosened))
        brand = index.leading_brand(rest)
        if brand is None:
            break
        stripped |= {brand}
        rest = rest[len(brand) :]
    tail = index.trailing_brand(core)
    if tail:
        cores.append((tail + core[: -len(tail)], frozenset(), loosened))


def _hits(row: _Row, index: SkuIndex) -> dict[int, int]:
    """Return the SKUs whose name is one of the row's cores, with the level of the closest form."""
    found = _lookup(row.cores, index)
    has_value = any(
        attribute.kind in _VALUE_KINDS or attribute.kind == "number" for attribute in row.attributes
    )
    if found or has_value:
        return found
    numbered: list[tuple[str, frozenset[str], bool]] = []
    for core, brands, _loosened in row.cores:
        match = _LAST_NUMBER.fullmatch(core)
        if match and (match.group(1) or match.group(3)):
            numbered.append((match.group(1) + match.group(3), brands, True))
            number = match.group(2)
            row.attributes |= {
                Attribute("number", number.rstrip("0").rstrip(".") if "." in number else number)
            }
    return _lookup(numbered, index)


def _lookup(cores: list[tuple[str, frozenset[str], bool]], index: SkuIndex) -> dict[int, int]:
    found: dict[int, int] = {}
    for core, brands, loosened in cores:
        for hit, level in index.hits(core):
            brand_core = index.entries[hit].brand_core
            if all(brand_core in index.brands[brand] or brand in brand_core for brand in brands):
                at = LOOSE if loosened else level
                found[hit] = min(at, found.get(hit, at))
    return found


def _decide(entries: list[Entry], row: _Row, level: int, index: SkuIndex) -> Match:
    """Filter by attributes, kind, region and brand; exactly one left is a match, anything else a reason."""
    entries = list({entry.sku.id: entry for entry in entries}.values())
    if not entries:
        return Match(None, 0, "product_unknown")
    fitting = [entry for entry in entries if _attributes_agree(row.attributes, entry.attributes)]
    if not fitting:
        stated = bool(row.attributes)
        return _no("variant_unknown" if stated else "variant_unstated", entries)
    by_region = [entry for entry in fitting if _regions_agree(row.regions, entry.regions)]
    if not by_region:
        return _no("region_differs", fitting)
    by_brand = [entry for entry in by_region if _brands_agree(row.brand, entry)]
    if not by_brand:
        return _no("brand_differs", by_region)
    by_kind = [entry for entry in by_brand if _kinds_agree(_kinds_for(row, entry), entry.sku.kind)]
    if not by_kind:
        return _no("kind_differs", by_brand)
    if not row.kinds and not row.spelt:
        unspelt = [entry for entry in by_kind if not entry.kinds_spelt]
        if not unspelt:
            return _no("kind_unstated", by_kind)
        by_kind = unspelt
    if len(by_kind) > 1:
        return _no("ambiguous", by_kind)
    return Match(by_kind[0].sku, CONFIDENCE[level], "matched", notes=_notes(row, by_kind[0], level, index))


def _no(reason: str, entries: list[Entry]) -> Match:
    return Match(None, 0, reason, near=tuple(entry.sku for entry in entries[:8]))


def _near(hits: dict[int, int], index: SkuIndex) -> tuple[LibrarySku, ...]:
    return tuple(index.entries[hit].sku for hit in list(hits)[:8])


def _notes(row: _Row, entry: Entry, level: int, index: SkuIndex) -> tuple[str, ...]:
    notes = [("text_equal", "words_equal", "words_close")[level]]
    if not row.kinds and not row.spelt and entry.sku.id in index.two_kinds:
        notes.append("kind_by_name")
    if not row.regions and entry.regions - {"CN"}:
        notes.append("region_by_name")
    return tuple(notes)


def _attributes_agree(row: frozenset[Attribute], sku: frozenset[Attribute]) -> bool:
    """Tell whether the numbers agree exactly; a bare number may stand for one face value or count."""
    if row == sku:
        return True
    numbers = [attribute for attribute in row if attribute.kind == "number"]
    rest = row - set(numbers)
    if len(numbers) == 2 and "1" in {number.value for number in numbers}:
        numbers = [number for number in numbers if number.value != "1"]
    if len(numbers) != 1:
        return False
    if numbers[0].value == "1" and rest == sku:
        return True
    missing = sku - rest
    if rest - sku or len(missing) > 1:
        return False
    values = missing or {attribute for attribute in sku if attribute.kind in _VALUE_KINDS}
    return any(value.kind in _VALUE_KINDS and value.value == numbers[0].value for value in values)


def _delivery(kind: str) -> str:
    return "code" if kind in words.KINDS_DELIVERED_AS_CODE else kind


def _kinds_for(row: _Row, entry: Entry) -> frozenset[str]:
    """Return the kinds a row states; a word that the SKU's own name has too (Code Vein) states none."""
    return row.kinds | (row.spelt - entry.kinds_spelt)


def _kinds_agree(row: frozenset[str], sku_kind: str) -> bool:
    """Tell whether the row's kind is the SKU's; a voucher, a licence or a course may be sold as a code."""
    return not row or sku_kind in row or (sku_kind in words.KINDS_DELIVERED_AS_CODE and "code" in row)


def _regions_agree(row: frozenset[str], sku: frozenset[str]) -> bool:
    """Tell whether regions agree: a row that names none means the mainland or the one its name spells out."""
    if not row:
        return sku <= _REGIONS_UNSTATED
    if row == {"CN"}:
        return not sku or "CN" in sku
    return row - {"CN"} <= sku


def _brands_agree(brand: str, entry: Entry) -> bool:
    """Tell whether the brand column can be this SKU's: equal, one within the other, or part of the name."""
    own = entry.brand_core
    if not brand or not own or brand in own or own in brand:
        return True
    return brand in canonical_core(fold(entry.sku.product)) or brand in _other_cores(entry.sku)


def _other_cores(sku: LibrarySku) -> set[str]:
    names = words.BRAND_OTHER_NAMES.get(sku.brand, ()) + sku.brand_names
    return {canonical_core(fold(name)) for name in names}


def suggest(row: RowTitle, index: SkuIndex, limit: int = 5) -> list[tuple[LibrarySku, int]]:
    """Return the SKUs most like a row with a likeness in percent, best first: for a person to choose from."""
    parsed = _take_apart(row, index)
    query = canonical_core(fold(joined((row.brand, row.name))))
    ranked = process.extract(query, list(index.forms), scorer=fuzz.WRatio, limit=40)
    scored: dict[int, float] = {}
    for core, score, _ in ranked:
        for hit, _level in index.hits(core):
            entry = index.entries[hit]
            shared = len(parsed.attributes & entry.attributes) / max(
                1, len(parsed.attributes | entry.attributes)
            )
            kind = 1.0 if _kinds_agree(_kinds_for(parsed, entry), entry.sku.kind) else 0.0
            total = 0.7 * score + 25 * shared + 5 * kind
            scored[hit] = max(total, scored.get(hit, 0.0))
    best = sorted(scored.items(), key=lambda pair: (-pair[1], index.entries[pair[0]].sku.code))[:limit]
    return [(index.entries[hit].sku, round(score)) for hit, score in best]
