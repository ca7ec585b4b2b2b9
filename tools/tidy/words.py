"""Rules about words: promises to do it later, skipped tests, registries' addresses, paths of one machine."""

import re
from collections.abc import Iterator

from tools.tidy.source import Finding, Source


# Each word is written with a hole, so that this file keeps its own rules: `~` stands for nothing.
def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(text.replace("~", ""))


_LATER = _pattern(r"\b(TO~DO|FIX~ME|X~XX|HA~CK)\b|\bNotImplemented~Error\b")
_SKIPPED = _pattern(r"pytest\.(mark\.)?(sk~ip|sk~ipif|xf~ail)\b|unittest\.sk~ip")
_REGISTRIES = _pattern(
    r"py~pi\.org|python~hosted\.org|registry\.npm~js|npm~js\.(org|com)|deb\.deb~ian\.org|crates\.~io/"
    r"|proxy\.gol~ang\.org|unp~kg\.com|jsdel~ivr\.net|cdnjs\.cloud~flare"
)
_MACHINE_PATHS = _pattern(
    r"(?<![\w.$}/])/(wo~rk|ro~ot|home/\w+|Users/\w+|opt/(pypi|wheels)\w*)(/|\b(?=[\s\"'`:]))"
)
_MACHINE_PATHS_ALLOWED = {
    "docs/runbooks/production.md": "tells where root's own folder is a bad home for a node",
}


def later(source: Source) -> Iterator[Finding]:
    """What is left for later in the code is left for ever; what must be done is in the plan or done."""
    if not source.path.endswith((".py", ".sql", ".html", ".js", ".mjs", ".css", ".sh")):
        return
    yield from _search(source, _LATER, rule="later", message="do it, or leave it out")


def skipped_test(source: Source) -> Iterator[Finding]:
    """A skipped test is a promise that nobody checks; a test that cannot run here belongs into the set-up
    script.
    """
    if source.path.startswith("tests/") and source.is_python:
        yield from _search(source, _SKIPPED, rule="skipped-test", message="make it run")


def registry_address(source: Source) -> Iterator[Finding]:
    """Lock files hold versions and hashes; which registry serves them is the machine's own business."""
    yield from _search(source, _REGISTRIES, rule="registry-address", message="name no registry or CDN")


def machine_path(source: Source) -> Iterator[Finding]:
    """A path of one developer's machine works on one developer's machine."""
    if source.path not in _MACHINE_PATHS_ALLOWED:
        yield from _search(source, _MACHINE_PATHS, rule="machine-path", message="name no path of one machine")


def _search(source: Source, pattern: re.Pattern[str], *, rule: str, message: str) -> Iterator[Finding]:
    for number, line in enumerate(source.lines, start=1):
        found = pattern.search(line)
        if found:
            yield Finding(source.path, number, rule, f"{found.group(0)!r}: {message}")


RULES = (later, skipped_test, registry_address, machine_path)
