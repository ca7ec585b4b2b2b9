"""Runs every rule over the checkout, or over the files named on the command line."""

import sys
from collections.abc import Iterable, Iterator

from tools.tidy import database, shape, translations, words
from tools.tidy.source import Finding, Rule, Source, checkout_sources

RULES: tuple[Rule, ...] = (*shape.RULES, *database.RULES, *words.RULES, *translations.RULES)


def findings(sources: Iterable[Source]) -> Iterator[Finding]:
    """What all rules say about these files."""
    for source in sources:
        for rule in RULES:
            yield from rule(source)


def main(arguments: list[str]) -> int:
    """Print every finding; exit code 1 when there is one."""
    sources = [
        source
        for source in checkout_sources()
        if not arguments or any(source.path.startswith(name) for name in arguments)
    ]
    found = sorted(findings(sources), key=lambda one: (one.path, one.line))
    for one in found:
        print(one)
    print(f"tidy: {len(sources)} files, {len(found)} findings", file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
