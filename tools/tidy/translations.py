"""Rules about message files: every string a person sees exists in both languages."""

import re
from collections.abc import Iterator

import polib

from tools.tidy.source import Finding, Source

_NAMED_HOLES = re.compile(r"%\((\w+)\)[sd]|\{(\w*)\}")


def translated(source: Source) -> Iterator[Finding]:
    """A page that falls back to the other language in one place looks broken in both."""
    if not source.path.endswith(".po"):
        return
    for entry in polib.pofile(source.text):
        if entry.obsolete:
            continue
        if entry.fuzzy or not entry.translated():
            yield Finding(source.path, entry.linenum, "translation", f"{entry.msgid!r} is not translated")
        elif not entry.msgid_plural and _holes(entry.msgid) != _holes(entry.msgstr):
            message = f"{entry.msgid!r} and its translation have different placeholders"
            yield Finding(source.path, entry.linenum, "translation", message)


def _holes(text: str) -> set[str]:
    return {name for pair in _NAMED_HOLES.findall(text) for name in pair if name}


RULES = (translated,)
