"""Text for search: one normal form, and the tokens an indexed name and a query are compared by.

Pure functions. A name becomes lexemes of a ``tsvector``; which kind a lexeme is shows its prefix:

* ``w.counter``   a Latin word or number;
* ``j.counterstrike`` two neighbouring words joined, and the whole of a Latin name;
* ``h.腾讯``       two neighbouring Han characters, ``h.腾`` one of them;
* ``p.tengxunshipin`` the pinyin from each character to the end, so that a prefix match starts anywhere;
* ``i.txsp``      the same of the first letters;
* ``f.tenxunsipin``   the pinyin with the sounds folded that people confuse (zh/z, sh/s, ch/c, -ng/-n, l/n);
* ``b.t``         the first letter or digit of the name, for a query of one letter.

The pinyin and the simplified form of a character come from the caller (``Characters``): at load time from
pypinyin and OpenCC, at query time from the table ``catalog_character``, so that a web process never loads
a dictionary.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import msgspec

LEXEME_MAX: Final = 40
"""Characters of a lexeme that are kept; longer runs are cut, on both sides of the comparison."""

QUERY_MAX: Final = 64
"""Characters of a query that are looked at."""

_HAN: Final = re.compile(r"[㐀-䶿一-鿿豈-﫿]")
_UNIT: Final = re.compile(r"[㐀-䶿一-鿿豈-﫿]|[a-z]+|[0-9]+")
_INVISIBLE: Final = re.compile("[\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff\u00ad]")
_FOLDS: Final = (
    ("zh", "z"),
    ("ch", "c"),
    ("sh", "s"),
    ("ang", "an"),
    ("eng", "en"),
    ("ing", "in"),
    ("l", "n"),
    ("v", "u"),
)

SYNONYMS: Final[tuple[tuple[str, ...], ...]] = (
    ("会员", "vip"),
    ("月卡", "1个月", "包月", "30天", "一个月"),
    ("季卡", "3个月", "90天", "三个月"),
    ("半年卡", "6个月", "180天", "六个月"),
    ("年卡", "12个月", "365天", "一年"),
    ("7天", "周卡", "七天"),
    ("话费", "手机充值", "充话费"),
    ("流量", "上网包"),
    ("电费", "缴电费"),
    ("直充", "充值"),
)
"""Words that name the same thing in supplier sheets and buyers' queries; every name is indexed under all."""


class Characters(msgspec.Struct, frozen=True):
    """What is known of single characters: simplified form and pinyin without tone."""

    simplified: Mapping[str, str]
    pinyin: Mapping[str, str]


NO_CHARACTERS: Final = Characters(simplified={}, pinyin={})


def fold(text: str) -> str:
    """Return text in one width, lower case, without invisible characters and marks, spaces single.

    Full-width Latin becomes half-width (NFKC), accents of Latin letters go (``Pokémon`` is ``pokemon``).
    """
    if text.isascii():
        return " ".join(text.lower().split())
    wide = unicodedata.normalize("NFKC", _INVISIBLE.sub("", text)).casefold()
    if not wide.isascii():
        wide = "".join(c for c in unicodedata.normalize("NFD", wide) if not unicodedata.combining(c))
        wide = unicodedata.normalize("NFC", wide)
    return " ".join(wide.split())


def simplify(text: str, characters: Characters) -> str:
    """Return text with every traditional character replaced by its simplified form."""
    if text.isascii():
        return text
    table = characters.simplified
    return "".join(table.get(char, char) for char in text)


def han_characters(text: str) -> set[str]:
    """Return the Han characters of a text."""
    return set(_HAN.findall(text))


def units(text: str) -> list[str]:
    """Split folded text into Han characters, Latin words and numbers; apostrophes vanish, the rest
    separates.
    """
    return _UNIT.findall(text.replace("'", "").replace("’", ""))


def compact(text: str) -> str:
    """Return the units of a folded text joined: the form in which whole names are compared."""
    return "".join(units(text))


def fold_pinyin(pinyin: str) -> str:
    """Return pinyin with the sounds folded that speakers confuse; only ever compared with its like."""
    for sound, plain in _FOLDS:
        pinyin = pinyin.replace(sound, plain)
    return pinyin


def is_han(unit: str) -> bool:
    """Tell whether a unit is one Han character."""
    return _HAN.match(unit) is not None


def variants(name: str) -> list[str]:
    """Return a folded name and its spellings under the synonyms, the name itself first."""
    found = [name]
    for group in SYNONYMS:
        present = next((word for word in group if word in name), None)
        if present is None:
            continue
        found.extend(name.replace(present, other) for other in group if other != present)
    return found


def _sound_runs(parts: Sequence[str], sounds: Sequence[str]) -> set[str]:
    lexemes: set[str] = set()
    initials = [part if not is_han(part) and len(part) <= 4 else sound[:1]
                for part, sound in zip(parts, sounds, strict=True)]  # fmt: skip
    for start in range(len(parts)):
        if parts[start].isdigit() and start:
            continue
        sound = "".join(sounds[start:])[:LEXEME_MAX]
        lexemes.add("p." + sound)
        lexemes.add("f." + fold_pinyin(sound))
        lexemes.add("i." + "".join(initials[start:])[:LEXEME_MAX])
    return lexemes


def _sounds(parts: Sequence[str], sounds: Sequence[str]) -> set[str]:
    """The whole name, and the same without its Latin words: buyers leave out the VIP in the middle."""
    lexemes = _sound_runs(parts, sounds)
    han = [position for position, part in enumerate(parts) if is_han(part)]
    if len(han) < len(parts):
        lexemes |= _sound_runs([parts[position] for position in han], [sounds[position] for position in han])
    return lexemes


def _written(parts: Sequence[str]) -> set[str]:
    lexemes: set[str] = set()
    for position, part in enumerate(parts):
        following = parts[position + 1] if position + 1 < len(parts) else ""
        if is_han(part):
            lexemes.add("h." + part)
            if following and is_han(following):
                lexemes.add("h." + part + following)
        else:
            lexemes.add("w." + part[:LEXEME_MAX])
            if following and not is_han(following):
                lexemes.add("j." + (part + following)[:LEXEME_MAX])
    return lexemes


def lexemes_of(name: str, readings: Sequence[Sequence[str]]) -> set[str]:
    """Return the lexemes of one spelling of a name.

    ``name`` is folded and simplified; each of ``readings`` is a list of sounds, one per unit of the name
    (a Latin unit sounds as it is written). Names without Han characters get no pinyin, only their first
    letters.
    """
    parts = units(name)
    lexemes = _written(parts)
    if parts and not is_han(parts[0]):
        lexemes.add("b." + parts[0][0])
    if any(is_han(part) for part in parts):
        for reading in readings:
            lexemes |= _sounds(parts, reading)
    elif len(parts) > 1:
        lexemes.add("i." + "".join(part[:1] for part in parts)[:LEXEME_MAX])
        lexemes.add("j." + "".join(parts)[:LEXEME_MAX])
    return lexemes


def sounds_of(name: str, characters: Characters) -> list[str]:
    """Return one sound per unit of a folded name, from the single-character table; unknown ones as
    written.
    """
    return [characters.pinyin.get(part, part) if is_han(part) else part for part in units(name)]


def deletions(word: str) -> list[str]:
    """Return a word and every form of it with one letter missing.

    Two words within one typing error (a letter wrong, missing, too many, or two swapped) share such a form.
    """
    return sorted({word, *(word[:cut] + word[cut + 1 :] for cut in range(len(word)))})


def terms_of(names: Iterable[str], characters: Characters) -> set[str]:
    """Return the terms whose misspellings are forgiven: Latin words, and the pinyin of runs of Han
    characters.
    """
    terms: set[str] = set()
    for name in names:
        run: list[str] = []
        for part in [*units(name), ""]:
            if part and is_han(part):
                run.append(characters.pinyin.get(part, part))
                continue
            if len(run) > 1:
                terms.add("".join(run)[:LEXEME_MAX])
            run = []
            if len(part) >= 4 and not part.isdigit():
                terms.add(part[:LEXEME_MAX])
    return {term for term in terms if 4 <= len(term) <= 24}
