"""The library prepared for matching: every name a SKU may be written under, looked up by exact keys.

Owns the forms of a name (with and without brand, other names of the brand, with the counting word or without)
and how certain each is. Refuses similarity: a key is equal or it is not.
"""

import re
from collections import defaultdict
from collections.abc import Iterable
from uuid import UUID

import msgspec

from kamao.business.supply.sheets import words
from kamao.business.supply.sheets.attributes import Attribute, Parsed, canonical_core, parse
from kamao.business.supply.sheets.library import LibrarySku
from kamao.business.supply.sheets.text import compact, fold, squash

EXACT, SAME, LOOSE = 0, 1, 2
"""How a form came about: the text itself, the same words spelt otherwise, a word left out that changes
nothing.
"""

_UNIT_VARIANT = re.compile(r"\d[\d,.]*\s*([^\d\s]{1,8})")
_NOT_UNITS = frozenset(
    {"讲", "课时", "节", "元", "年", "月", "天", "日", "季", "周", "个月", "gb", "mb", "g", "m", "t"}
)


class Entry(msgspec.Struct, frozen=True):
    """A SKU with what its names say: attributes, which kinds they spell out, its region."""

    sku: LibrarySku
    attributes: frozenset[Attribute]
    kinds_spelt: frozenset[str]
    regions: frozenset[str]
    brand_core: str


class SkuIndex:
    """All forms of all SKUs. Build once per import; reading is thread safe."""

    def __init__(self, skus: Iterable[LibrarySku]) -> None:
        library = list(skus)
        self.units = _units(library)
        self.entries: list[Entry] = []
        self._plain: dict[str, int | list[int]] = {}
        self.forms: dict[str, int | list[int]] = {}
        self.brands: dict[str, set[str]] = defaultdict(set)
        self._other_names = _other_names(library)
        for sku in library:
            self._add(sku)
        self.two_kinds = self._sold_in_two_kinds()
        self.brand_lengths = sorted({len(core) for core in self.brands}, reverse=True)
        self._single_default()

    def _add(self, sku: LibrarySku) -> None:
        index = len(self.entries)
        product, variant = parse(sku.product, self.units), parse(sku.variant, self.units)
        brand = canonical_core(fold(sku.brand))
        self.entries.append(
            Entry(
                sku=sku,
                attributes=product.attributes | variant.attributes,
                kinds_spelt=product.kinds | variant.kinds,
                regions=_regions(sku, product.regions | variant.regions),
                brand_core=brand,
            )
        )
        other_brands = self._other_names.get(sku.brand, ()) + sku.brand_names
        if brand:
            self.brands[brand].add(brand)
            for other in other_brands:
                self.brands[canonical_core(fold(other))].add(brand)
        for title in (f"{sku.product} {sku.variant}", *sku.names):
            _add(self._plain, compact(title), index)
            _add(self._plain, compact(f"{sku.brand} {title}"), index)
        others = tuple(canonical_core(fold(name)) for name in other_brands)
        for product_name in (
            sku.product,
            *sku.product_names,
            *words.PRODUCT_OTHER_NAMES.get(sku.product, ()),
        ):
            parsed = product if product_name == sku.product else parse(product_name, self.units)
            self._add_forms(index, parsed, variant, brand, others)
        for title in sku.names:
            whole = parse(title, self.units)
            if whole.attributes == self.entries[index].attributes:
                self._add_forms(
                    index, whole, Parsed("", frozenset(), frozenset(), frozenset(), ""), brand, ()
                )

    def _add_forms(
        self, index: int, product: Parsed, variant: Parsed, brand: str, others: tuple[str, ...]
    ) -> None:
        attributes = product.attributes | variant.attributes
        core = product.core + variant.core
        self._form(index, core, SAME, brand)
        bases = {product.loose + variant.loose}
        for attribute in attributes:
            if attribute.unit and core.endswith(attribute.unit) and len(core) > len(attribute.unit):
                bases.add(core[: -len(attribute.unit)])
        if core.endswith("vip") and not core.endswith("svip") and attributes:
            bases.add(core[:-3])
        if brand.startswith("中国") and core.startswith(brand):
            bases.add(core[2:])
        for base in bases:
            self._form(index, base, LOOSE, brand)
        for base in {core, *bases}:
            level = SAME if base == core else LOOSE
            for other in others:
                for rest in _tails(base, brand, other):
                    self._form(index, other + rest, level, brand)
                    self._form(index, brand + rest, level, brand)

    def _form(self, index: int, core: str, level: int, brand: str) -> None:
        """Enter a core, alone (unless it is nothing but the brand) and with the brand before it."""
        if not core or core == brand or core in {"vip", "svip"}:
            return
        if brand and not core.startswith(brand):
            self._put(brand + core, index, level)
        self._put(core, index, level)

    def _put(self, core: str, index: int, level: int) -> None:
        _add(self.forms, core, 4 * index + level)

    def named(self, text: str) -> list[int]:
        """Return the SKUs whose full name is exactly this compact text."""
        return _listed(self._plain.get(text))

    def hits(self, core: str) -> list[tuple[int, int]]:
        """Return the SKUs of a core, each with the level of that form; a SKU may come twice."""
        return [divmod(packed, 4) for packed in _listed(self.forms.get(core))]

    def _single_default(self) -> None:
        """Let a product's only SKU be named without its variant when the variant says nothing (标准版)."""
        of_product: dict[tuple[str, str], list[int]] = defaultdict(list)
        for index, entry in enumerate(self.entries):
            of_product[entry.sku.brand, entry.sku.product].append(index)
        for indexes in of_product.values():
            entry = self.entries[indexes[0]]
            if len(indexes) == 1 and fold(entry.sku.variant) in words.DEFAULT_VARIANTS:
                core = parse(entry.sku.product, self.units).core
                self._form(indexes[0], core, LOOSE, entry.brand_core)

    def _sold_in_two_kinds(self) -> frozenset[UUID]:
        """Return the SKUs that differ from another one in nothing but the kind (a code, a top-up)."""
        alike: dict[tuple[str, str, frozenset[Attribute]], list[LibrarySku]] = defaultdict(list)
        for entry in self.entries:
            core = parse(entry.sku.product, self.units).core
            alike[entry.brand_core, core, entry.attributes].append(entry.sku)
        return frozenset(
            sku.id for skus in alike.values() if len({sku.kind for sku in skus}) > 1 for sku in skus
        )

    def leading_brand(self, core: str) -> str | None:
        """Return the longest known brand core that a core starts with, leaving something behind it."""
        for length in self.brand_lengths:
            if length < len(core) and core[:length] in self.brands:
                return core[:length]
        return None

    def trailing_brand(self, core: str) -> str | None:
        """Return the longest known brand core that a core ends with, leaving something before it."""
        for length in self.brand_lengths:
            if length < len(core) and core[-length:] in self.brands:
                return core[-length:]
        return None


def _add(table: dict[str, int | list[int]], key: str, value: int) -> None:
    """Add a value to a key; nearly all keys have one, and a bare number costs the collector nothing."""
    held = table.get(key)
    if held is None:
        table[key] = value
    elif isinstance(held, int):
        if held != value:
            table[key] = [held, value]
    else:
        held.append(value)


def _listed(held: int | list[int] | None) -> list[int]:
    return [] if held is None else [held] if isinstance(held, int) else held


def _tails(core: str, brand: str, other: str) -> list[str]:
    """Return what follows the brand, or another name of it, at the start of a core; the core itself if
    neither.
    """
    if brand and core.startswith(brand):
        return [core[len(brand) :]] if len(core) > len(brand) else []
    if other and core.startswith(other) and len(core) > len(other):
        return [core[len(other) :], core]
    return [core]


def _units(library: list[LibrarySku]) -> frozenset[str]:
    """Collect the counting words of the library's own variants: what follows the number in 60点券."""
    found = set()
    for variant in {sku.variant for sku in library}:
        folded = fold(variant)
        match = _UNIT_VARIANT.fullmatch(folded)
        if match and match.group(1) not in _NOT_UNITS and not parse(folded).attributes:
            found.add(match.group(1))
    return frozenset(found)


def _other_names(library: list[LibrarySku]) -> dict[str, tuple[str, ...]]:
    """Return well-known other names of the brands this library has, without those that are brands
    themselves.
    """
    brands = {fold(sku.brand) for sku in library}
    return {
        brand: tuple(name for name in names if fold(name) not in brands)
        for brand, names in words.BRAND_OTHER_NAMES.items()
        if fold(brand) in brands
    }


def read_region(text: str) -> str:
    """Return the canonical region of a cell: CN, HK, …, a province, the folded text itself, or empty."""
    folded = fold(text)
    if not folded:
        return ""
    for region, pattern in words.REGION_WORDS:
        if re.fullmatch(pattern, folded):
            return region
    stem = re.sub(r"(?:省|市|自治区|壮族自治区|回族自治区|维吾尔自治区)$", "", folded)
    return stem if stem in words.PROVINCES else squash(folded)


def _regions(sku: LibrarySku, spelt: frozenset[str]) -> frozenset[str]:
    region = read_region(sku.region)
    return spelt | ({region} if region else frozenset())
