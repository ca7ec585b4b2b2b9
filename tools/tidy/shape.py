"""Rules about the shape of code: lengths, nesting, docstrings, imports, caught exceptions."""

import ast
from collections.abc import Iterator

from tools.tidy.source import Finding, Source

FUNCTION_LINES_MAX = 70
FILE_LINES_MAX = 500
NESTING_MAX = 4
LINE_COLUMNS_MAX = 110
_CODE = (".py", ".sql", ".js", ".mjs")
_WORD_COLUMNS_MAX = 80
_BLOCKS = (ast.If, ast.For, ast.AsyncFor, ast.While, ast.With, ast.AsyncWith, ast.Try, ast.Match)
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)

LOCAL_IMPORTS_ALLOWED = {
    "src/kamao/runtime/commands/": "Django's models can be imported only after the command knows its home",
    "tests/conftest.py": "Django's modules can be imported only after the home of the test run exists",
}
"""Files and folders that may import inside functions, each with its reason."""


def function_length(source: Source) -> Iterator[Finding]:
    """A function that does not fit on a screen is read in pieces, and bugs live between the pieces."""
    if not source.is_product_python:
        return
    for node in ast.walk(source.tree):
        if isinstance(node, _FUNCTIONS) and node.end_lineno is not None:
            lines = node.end_lineno - node.lineno + 1
            if lines > FUNCTION_LINES_MAX:
                message = f"{node.name} has {lines} lines, {FUNCTION_LINES_MAX} are allowed"
                yield Finding(source.path, node.lineno, "function-length", message)


def file_length(source: Source) -> Iterator[Finding]:
    """Admired applications have files of 3 000 lines that nobody dares to move; ours hold one concept."""
    if source.is_migration or not source.path.endswith((".py", ".sql", ".html", ".js", ".mjs")):
        return
    if len(source.lines) > FILE_LINES_MAX:
        message = f"{len(source.lines)} lines, {FILE_LINES_MAX} are allowed"
        yield Finding(source.path, FILE_LINES_MAX + 1, "file-length", message)


def line_length(source: Source) -> Iterator[Finding]:
    """Two files fit side by side at this width. Data tables and migrations are not read line by line."""
    if source.is_migration or not source.path.endswith(_CODE) or "/data/" in source.path:
        return
    for number, line in enumerate(source.lines, start=1):
        # A picture's path or an address that is one long word cannot be broken.
        breakable = max(map(len, line.split()), default=0) <= _WORD_COLUMNS_MAX
        if len(line) > LINE_COLUMNS_MAX and breakable:
            message = f"{len(line)} columns, {LINE_COLUMNS_MAX} are allowed"
            yield Finding(source.path, number, "line-length", message)


def nesting(source: Source) -> Iterator[Finding]:
    """Push ifs up and fors down: code nested deeper than this hides which condition holds where."""
    if not source.is_product_python:
        return
    for node in ast.walk(source.tree):
        if isinstance(node, _FUNCTIONS):
            line = _too_deep(node.body, depth=0)
            if line is not None:
                message = f"{node.name} nests deeper than {NESTING_MAX}"
                yield Finding(source.path, line, "nesting", message)


def _too_deep(body: list[ast.stmt], *, depth: int) -> int | None:
    for statement in body:
        if isinstance(statement, (*_FUNCTIONS, ast.ClassDef)) or not isinstance(statement, _BLOCKS):
            continue
        if depth + 1 > NESTING_MAX:
            return statement.lineno
        for inner, deeper in _bodies(statement, depth):
            found = _too_deep(inner, depth=deeper)
            if found is not None:
                return found
    return None


def _bodies(statement: ast.stmt, depth: int) -> Iterator[tuple[list[ast.stmt], int]]:
    """Blocks inside a statement; an `elif` is on the level of its `if`."""
    if isinstance(statement, ast.If):
        yield statement.body, depth + 1
        chained = len(statement.orelse) == 1 and isinstance(statement.orelse[0], ast.If)
        yield statement.orelse, depth if chained else depth + 1
        return
    for name in ("body", "orelse", "finalbody"):
        yield getattr(statement, name, []), depth + 1
    for handler in (*getattr(statement, "handlers", []), *getattr(statement, "cases", [])):
        yield handler.body, depth + 1


def module_docstring(source: Source) -> Iterator[Finding]:
    """A module says what it owns and what it refuses: so a reader finds the one place for a change."""
    if not source.is_product_python or not source.path.startswith(("src/", "tools/", "tests/")):
        return
    if source.text.strip() and ast.get_docstring(source.tree) is None:
        yield Finding(source.path, 1, "module-docstring", "say what this module owns and what it refuses")


def local_import(source: Source) -> Iterator[Finding]:
    """Saleor has 153 imports inside functions, each hiding a cycle. A circular import is a design error."""
    if not source.is_product_python or source.path.startswith(tuple(LOCAL_IMPORTS_ALLOWED)):
        return
    for function in ast.walk(source.tree):
        if not isinstance(function, _FUNCTIONS):
            continue
        for node in ast.walk(function):
            if isinstance(node, ast.Import | ast.ImportFrom):
                yield Finding(
                    source.path, node.lineno, "local-import", "imports stand at the top of the file"
                )


def broad_except(source: Source) -> Iterator[Finding]:
    """A bug that is caught is a bug that is kept: only a named isolation point catches everything, and says
    so.
    """
    if not source.is_product_python or not source.path.startswith("src/"):
        return
    for node in ast.walk(source.tree):
        if not isinstance(node, ast.ExceptHandler) or not _catches_everything(node):
            continue
        near = "\n".join(source.lines[node.lineno - 1 : node.body[0].lineno + 1]).lower()
        if "isolation point" not in near and not _reraises(node):
            message = "catches everything: name what is expected, or say 'isolation point' and why"
            yield Finding(source.path, node.lineno, "broad-except", message)


def _catches_everything(handler: ast.ExceptHandler) -> bool:
    if handler.type is None:
        return True
    names = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return any(isinstance(name, ast.Name) and name.id in {"Exception", "BaseException"} for name in names)


def _reraises(handler: ast.ExceptHandler) -> bool:
    return isinstance(handler.body[-1], ast.Raise) and handler.body[-1].exc is None


RULES = (function_length, file_length, line_length, nesting, module_docstring, local_import, broad_except)
