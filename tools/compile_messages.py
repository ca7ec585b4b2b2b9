"""Compiles gettext message files (.po) to .mo beside them with polib; run by the environment's own Python.

Refuses a file with an untranslated or fuzzy message: every string a person sees exists in both languages.
"""

import os
import sys
from pathlib import Path

import polib


def compile_file(source: Path) -> list[str]:
    """Write the compiled form of `source` in one step; return the messages that lack a translation."""
    catalogue = polib.pofile(str(source))
    missing = [
        f"{source.name}:{entry.linenum}: {entry.msgid!r}"
        for entry in catalogue
        if not entry.obsolete and (entry.fuzzy or not entry.translated())
    ]
    unfinished = source.with_suffix(f".mo.{os.getpid()}")
    catalogue.save_as_mofile(str(unfinished))
    unfinished.replace(source.with_suffix(".mo"))
    return missing


def main() -> int:
    """Compile every file named; with --strict, exit 1 when a message has no translation."""
    strict = "--strict" in sys.argv
    missing = [line for name in sys.argv[1:] if name != "--strict" for line in compile_file(Path(name))]
    for line in missing:
        print(f"not translated: {line}", file=sys.stderr)
    return 1 if missing and strict else 0


if __name__ == "__main__":
    sys.exit(main())
