"""What rules look at: one file of the checkout, read once, and what a rule says about it."""

import ast
import functools
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Finding:
    """One breach: where, which rule, what to do."""

    path: str
    line: int
    rule: str
    message: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.rule}: {self.message}"


class Source:
    """One file: its path from the checkout's root (with slashes) and its text."""

    def __init__(self, path: str, text: str) -> None:
        self.path = path
        self.text = text

    @functools.cached_property
    def lines(self) -> list[str]:
        return self.text.splitlines()

    @functools.cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text)

    @property
    def is_python(self) -> bool:
        return self.path.endswith(".py")

    @property
    def is_migration(self) -> bool:
        return "/migrations/" in self.path

    @property
    def is_product_python(self) -> bool:
        """Python that people maintain by hand: not a migration."""
        return self.is_python and not self.is_migration

    @property
    def is_engine_sql(self) -> bool:
        return self.path.startswith("src/kamao/engine/") and self.path.endswith(".sql")

    @property
    def is_engine_schema(self) -> bool:
        return self.path.startswith("src/kamao/engine/schema/")


Rule = Callable[[Source], Iterator[Finding]]


def checkout_paths() -> list[str]:
    """All files git tracks or would track."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    ).stdout
    return sorted(name for name in listed.decode().split("\0") if name and (ROOT / name).is_file())


def checkout_sources() -> Iterator[Source]:
    """All text files of the checkout; what is not text cannot break these rules."""
    for name in checkout_paths():
        try:
            yield Source(name, (ROOT / name).read_text(encoding="utf-8"))
        except UnicodeDecodeError:
            continue
