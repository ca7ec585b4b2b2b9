"""Rules about SQL and constraints."""

import ast
import re
from collections.abc import Iterator

from tools.tidy.source import Finding, Source

_CLOCK_OR_CHANCE = re.compile(
    r"\b(now|clock_timestamp|statement_timestamp|transaction_timestamp|random|gen_random_uuid|uuidv7|uuidv4"
    r"|uuid_generate_v4)\s*\(|\b(current_timestamp|current_date|localtimestamp)\b",
    re.IGNORECASE,
)
_SCHEMA = re.compile(r"\b(cell\d+|test\d+|ref_live|ref_test|public)\.\w", re.IGNORECASE)
_SQL_CONSTRAINT = re.compile(r"\bCONSTRAINT\s+(?!TRIGGER)(\"?\w+\"?)", re.IGNORECASE)
_NAMED_WELL = re.compile(r"^(ck|uq|fk|ex|pk|nn)_")
_CONSTRAINT_CALLS = {"CheckConstraint", "UniqueConstraint", "ExclusionConstraint"}


def _without_comments(text: str) -> str:
    """The statements alone, each on its own line as before."""
    return "\n".join(line.split("--", 1)[0] for line in text.splitlines())


def engine_sql_has_no_clock(source: Source) -> Iterator[Finding]:
    """Time, ids and chance are arguments: only so can the simulator replay a seed and 90 days pass in
    seconds.
    """
    if not source.is_engine_sql:
        return
    for number, line in enumerate(_without_comments(source.text).splitlines(), start=1):
        found = _CLOCK_OR_CHANCE.search(line)
        if found:
            message = f"{found.group(0).strip()} is given as an argument, never taken by the statement"
            yield Finding(source.path, number, "sql-clock", message)


def engine_sql_names_no_schema(source: Source) -> Iterator[Finding]:
    """One transaction, one cell: the search path chooses it, so one statement serves every mode."""
    if not source.is_engine_sql:
        return
    for number, line in enumerate(_without_comments(source.text).splitlines(), start=1):
        found = _SCHEMA.search(line)
        if found:
            yield Finding(source.path, number, "sql-schema", f"{found.group(0)}… names a schema")


def constraint_names(source: Source) -> Iterator[Finding]:
    """Errors of the database are mapped to refusals by the constraint's name, so every constraint has one
    with a kind.
    """
    if source.path.endswith(".sql"):
        for number, line in enumerate(_without_comments(source.text).splitlines(), start=1):
            for name in _SQL_CONSTRAINT.findall(line):
                if not _NAMED_WELL.match(name.strip('"')):
                    yield Finding(
                        source.path, number, "constraint-name", f"{name} lacks ck_, uq_, fk_, ex_ or pk_"
                    )
    elif source.is_python and source.path.startswith("src/"):
        yield from _django_constraints(source)


def _django_constraints(source: Source) -> Iterator[Finding]:
    for node in ast.walk(source.tree):
        if not isinstance(node, ast.Call):
            continue
        called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        if called not in _CONSTRAINT_CALLS:
            continue
        for keyword in node.keywords:
            value = keyword.value
            if (
                keyword.arg == "name"
                and isinstance(value, ast.Constant)
                and not _NAMED_WELL.match(str(value.value))
            ):
                message = f"{value.value} lacks ck_, uq_, fk_, ex_ or pk_"
                yield Finding(source.path, node.lineno, "constraint-name", message)


RULES = (engine_sql_has_no_clock, engine_sql_names_no_schema, constraint_names)
