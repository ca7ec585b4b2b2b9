"""Readable slugs from names: pinyin for Chinese, lower-case words for the rest, a number where one is
taken.
"""

from collections.abc import Iterable
from typing import Final

from kamao.business.catalog import text
from kamao.business.catalog.models import Brand, Category, Product

_LENGTH_MAX: Final = {"category": 56, "brand": 56, "product": 86, "sku": 86}


class Slugs:
    """Makes slugs that are unique per kind, against the stored ones and those made before."""

    def __init__(self, characters: text.Characters) -> None:
        self._characters = characters
        self._taken: dict[str, set[str]] = {
            "category": set(Category.objects.values_list("slug", flat=True)),
            "brand": set(Brand.objects.values_list("slug", flat=True)),
            "product": set(Product.objects.values_list("slug", flat=True)),
            "sku": set(),
        }

    def take(self, kind: str, slugs: Iterable[str]) -> None:
        """Mark slugs as taken."""
        self._taken[kind].update(slugs)

    def make(self, kind: str, name: str) -> str:
        """Return a free slug for a name and take it."""
        folded = text.simplify(text.fold(name), self._characters)
        words: list[str] = []
        run = False
        for unit, sound in zip(text.units(folded), text.sounds_of(folded, self._characters), strict=True):
            han = text.is_han(unit)
            if han and run:
                words[-1] += sound
            else:
                words.append(sound)
            run = han
        ascii_words = [word for word in words if word.isascii()]
        base = "-".join(ascii_words)[: _LENGTH_MAX[kind]].strip("-") or kind
        slug, number = base, 2
        while slug in self._taken[kind]:
            slug = f"{base}-{number}"
            number += 1
        self._taken[kind].add(slug)
        return slug
