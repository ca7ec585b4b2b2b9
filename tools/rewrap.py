"""Breaks prose that is wider than the house allows: comments and docstrings of Python, comments of SQL.

`python -m tools.rewrap FILES` changes the files in place; code itself is ruff's (`ruff format`). Paragraphs
are refilled only where a line of them is too wide. Refuses nothing; what it cannot break, `tools.tidy` names.
"""

import io
import re
import sys
import textwrap
import tokenize
from pathlib import Path

from tools.tidy.shape import LINE_COLUMNS_MAX


def _docstring_lines(text: str) -> set[int]:
    """Numbers of the lines that lie inside triple-quoted text."""
    lines: set[int] = set()
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.STRING and token.string.startswith('"""'):
            lines.update(range(token.start[0], token.end[0] + 1))
    return lines


def _indent(line: str) -> str:
    return line[: len(line) - len(line.lstrip())]


def _fill(text: str, *, first: str, rest: str) -> list[str]:
    return textwrap.wrap(
        text, LINE_COLUMNS_MAX, initial_indent=first, subsequent_indent=rest, break_long_words=False,
        break_on_hyphens=False,
    )  # fmt: skip


def _comment(lines: list[str], start: int, mark: str) -> tuple[list[str], int]:
    """The comment that begins at `start`, refilled; and the number of the line after it."""
    indent = _indent(lines[start])
    words = [lines[start].strip().removeprefix(mark).strip()]
    end = start + 1
    while end < len(lines) and lines[end].startswith(f"{indent}{mark} "):
        words.append(lines[end].strip().removeprefix(mark).strip())
        end += 1
    prefix = f"{indent}{mark} "
    return _fill(" ".join(words), first=prefix, rest=prefix), end


def _docstring(lines: list[str], start: int, inside: set[int]) -> tuple[list[str], int]:
    """The paragraph of a docstring that begins at `start`, refilled; and the number of the line after it."""
    indent, text = _indent(lines[start]), lines[start].strip()
    if re.fullmatch(r'""".+"""', text):
        # The formatter pulls lonely closing quotes up, so the words must break even when only the quotes are
        # too far.
        filled = _fill(text.removesuffix('"""') + "\u00a0\u00a0\u00a0", first=indent, rest=indent)
        return [*(line.rstrip("\u00a0") for line in filled), f'{indent}"""'], start + 1
    words, end = [text], start + 1
    while (
        end < len(lines)
        and end + 1 in inside
        and lines[end].strip()
        and not re.match(r'\s*(- |""")', lines[end])
    ):
        words.append(lines[end].strip())
        end += 1
        if words[-1].endswith('"""'):
            break
    return _fill(" ".join(words), first=indent, rest=indent + ("  " if text.startswith("- ") else "")), end


def rewrap(text: str, *, is_sql: bool) -> str:
    """The text with too wide prose broken."""
    lines = text.split("\n")
    inside = set() if is_sql else _docstring_lines(text)
    mark = "--" if is_sql else "#"
    result: list[str] = []
    place = 0
    while place < len(lines):
        line = lines[place]
        if len(line) <= LINE_COLUMNS_MAX:
            result.append(line)
            place += 1
            continue
        if place + 1 in inside:
            broken, place = _docstring(lines, place, inside)
        elif line.lstrip().startswith(f"{mark} "):
            broken, place = _comment(lines, place, mark)
        else:
            broken, place = [line], place + 1
        result.extend(broken)
    return "\n".join(result)


def main() -> int:
    """Rewrite the files named."""
    for name in sys.argv[1:]:
        path = Path(name)
        before = path.read_text(encoding="utf-8")
        after = rewrap(before, is_sql=path.suffix == ".sql")
        if after != before:
            path.write_text(after, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
