"""Folding of text that people typed: one canonical form for comparison, never for display.

Owns the rules by which two spellings are the same (width, case, traditional characters, invisible characters,
markup, decoration). Refuses to judge meaning: that is `attributes` and `match`.
"""

import functools
import html
import re
import unicodedata
from collections.abc import Sequence
from importlib import resources

_TAG = re.compile(r"<[/!]?[a-zA-Z][^<>]{0,400}>")
_SPACES = re.compile(r"\s+")
_LONGEST_TEXT = 500
_OPENERS = "【〔〖『「《〈[({（［｛<"
_CLOSERS = "】〕〗』」》〉])}）］｝>"
_PRIVATE = ("Cc", "Cf", "Co", "Cs", "Cn")
_PUNCTUATION = re.compile(
    r"[\s\-_·•・.,，。、:：;；!！?？/\\|~～'\"“”‘’`^*#@&+=<>()\[\]{}【】〔〕〖〗『』「」《》〈〉（）［］｛｝]+"
)

_BETWEEN_DIGITS = re.compile(r"\d[^\w]+\d|\d_+\d")


@functools.cache
def _simplified() -> dict[int, str]:
    """Return the table of traditional to simplified characters, one character each.

    Character by character on both sides is enough for comparison; phrases would cost a hundred times more.
    """
    table: dict[int, str] = {}
    source = resources.files("opencc") / "dictionary" / "TSCharacters.txt"
    for line in source.read_text("utf-8").splitlines():
        traditional, _, simplified = line.partition("\t")
        if len(traditional) == 1 and simplified:
            table[ord(traditional)] = simplified.split(" ")[0]
    # 著/乾/藉 also exist in simplified names; folding both sides alike keeps them equal.
    return table


def visible(text: str) -> str:
    """Return text without invisible characters (zero width, control, private use), otherwise unchanged.

    Line breaks and tabs become spaces: a cell is one line.
    """
    if text.isascii() and text.isprintable():
        return text.strip()
    kept = []
    for char in text:
        if char in "\r\n\t\v\f\u00a0\u2028\u2029\u3000":
            kept.append(" ")
        elif unicodedata.category(char) not in _PRIVATE:
            kept.append(char)
    return "".join(kept).strip()


def strip_markup(text: str) -> str:
    """Return text with HTML tags taken out and entities read; markup in a sheet is decoration, never code."""
    if "<" in text:
        text = _TAG.sub(" ", text)
    if "&" in text and ";" in text:
        text = html.unescape(text)
    return text


@functools.lru_cache(maxsize=65_536)
def fold(text: str) -> str:
    """Return the canonical form: NFKC, simplified, lower case, no markup, emoji or invisible characters.

    Spaces are collapsed to one; punctuation stays, because `attributes` reads numbers such as ``1,000.50``.
    """
    text = strip_markup(text[:_LONGEST_TEXT])
    text = visible(unicodedata.normalize("NFKC", text))
    if not text.isascii():
        text = text.translate(_simplified())
        text = "".join(
            " " if unicodedata.category(char) in {"So", "Sk"} and char not in "¥￥" else char
            for char in text
            if unicodedata.category(char) != "Mn"
        )
    return _SPACES.sub(" ", text).strip().casefold()


def squash(text: str) -> str:
    """Return folded text without spaces, brackets and punctuation: the form in which names are compared.

    Between two digits something always stays (1.5 is not 15, "11 1" is not 111), and so does a plus sign.
    """
    if "+" in text or _BETWEEN_DIGITS.search(text):
        return _PUNCTUATION.sub(_between, text)
    return _PUNCTUATION.sub("", text)


def _between(match: re.Match[str]) -> str:
    start, end = match.span()
    text = match.string
    if start and end < len(text) and text[start - 1].isdigit() and text[end].isdigit():
        return match.group().strip()[:1] or "_"
    return "+" if "+" in match.group() else ""


@functools.lru_cache(maxsize=65_536)
def compact(text: str) -> str:
    """Return ``squash(fold(text))``."""
    return squash(fold(text))


def split_brackets(folded: str) -> tuple[str, tuple[str, ...]]:
    """Return the text outside brackets and the text of each bracket pair, for pairs that are closed."""
    inside: list[str] = []
    outside: list[str] = []
    position = 0
    while position < len(folded):
        char = folded[position]
        kind = _OPENERS.find(char)
        end = folded.find(_closer_of(char), position + 1) if kind >= 0 else -1
        if end > position:
            inside.append(folded[position + 1 : end].strip())
            outside.append(" ")
            position = end + 1
        else:
            outside.append(char)
            position += 1
    return _SPACES.sub(" ", "".join(outside)).strip(), tuple(part for part in inside if part)


def _closer_of(opener: str) -> str:
    return _CLOSERS[_OPENERS.find(opener)]


def formula_like(text: str) -> bool:
    """Tell whether a spreadsheet would run a text as a formula if it were typed into a cell."""
    head = text.lstrip(" \t\r\n\u3000\ufeff")[:1]
    return head in {"=", "@", "+", "-"} and not re.fullmatch(r"[+-][\d.,\s]*", text.strip())


def joined(parts: Sequence[str]) -> str:
    """Return the non-empty parts with one space between."""
    return " ".join(part for part in parts if part)
