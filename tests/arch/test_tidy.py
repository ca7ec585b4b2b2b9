"""Every house rule finds what it forbids and lets pass what it allows."""

import pytest

from tools.tidy import database, shape, translations, words
from tools.tidy.__main__ import RULES, findings
from tools.tidy.source import Source, checkout_sources

DOCUMENTED = '"""Owns nothing; refuses nothing."""\n'
LONG_BODY = "".join(f"    value_{number} = {number}\n" for number in range(70))


def found(rule, path, text):
    return [(one.rule, one.line) for one in rule(Source(path, text))]


def nested(depth):
    lines = [f"{'    ' * (level + 1)}if level > {level}:\n" for level in range(depth)]
    return "def f(level):\n" + "".join(lines) + "    " * (depth + 1) + "return level\n"


@pytest.mark.parametrize(
    ("rule", "path", "text", "expected"),
    [
        (shape.function_length, "src/a.py", f"def f():\n{LONG_BODY}", [("function-length", 1)]),
        (shape.function_length, "src/a.py", f"def f():\n{LONG_BODY[:-1].rsplit(chr(10), 1)[0]}\n", []),
        (shape.function_length, "src/a/migrations/0001.py", f"def f():\n{LONG_BODY}", []),
        (shape.file_length, "src/a.py", "a = 1\n" * 501, [("file-length", 501)]),
        (shape.file_length, "src/a.py", "a = 1\n" * 500, []),
        (shape.line_length, "src/a.py", "a = " + "1 + " * 27 + "1\n", [("line-length", 1)]),
        (shape.line_length, "src/a.py", "# " + "字 " * 54 + "\n", []),
        (shape.line_length, "src/a.py", f'a = "{"x" * 200}"\n', []),
        (shape.nesting, "src/a.py", nested(5), [("nesting", 6)]),
        (shape.nesting, "src/a.py", nested(4), []),
        (
            shape.nesting,
            "src/a.py",
            "def f(a):\n" + "    if a:\n        pass\n" + "    elif a:\n        pass\n" * 8,
            [],
        ),
        (shape.module_docstring, "src/a.py", "import os\n", [("module-docstring", 1)]),
        (shape.module_docstring, "src/a.py", DOCUMENTED, []),
        (shape.module_docstring, "src/a/__init__.py", "", []),
        (shape.local_import, "src/a.py", "def f():\n    import os\n", [("local-import", 2)]),
        (shape.local_import, "src/a.py", "import os\n", []),
        (
            shape.broad_except,
            "src/a.py",
            "try:\n    f()\nexcept Exception:\n    pass\n",
            [("broad-except", 3)],
        ),
        (shape.broad_except, "src/a.py", "try:\n    f()\nexcept:\n    pass\n", [("broad-except", 3)]),
        (
            shape.broad_except,
            "src/a.py",
            "try:\n    f()\nexcept Exception:\n    # Isolation point: x.\n    g()\n",
            [],
        ),
        (shape.broad_except, "src/a.py", "try:\n    f()\nexcept BaseException:\n    g()\n    raise\n", []),
        (shape.broad_except, "src/a.py", "try:\n    f()\nexcept ValueError:\n    g()\n", []),
    ],
)
def test_shape(rule, path, text, expected):
    assert found(rule, path, text) == expected


SQL = "src/kamao/engine/trade/sql/place.sql"


@pytest.mark.parametrize(
    ("rule", "path", "text", "expected"),
    [
        (database.engine_sql_has_no_clock, SQL, "SELECT 1,\n now()", [("sql-clock", 2)]),
        (database.engine_sql_has_no_clock, SQL, "id uuid DEFAULT uuidv7()", [("sql-clock", 1)]),
        (database.engine_sql_has_no_clock, SQL, "ORDER BY random()", [("sql-clock", 1)]),
        (
            database.engine_sql_has_no_clock,
            SQL,
            "created timestamptz DEFAULT CURRENT_TIMESTAMP",
            [("sql-clock", 1)],
        ),
        (database.engine_sql_has_no_clock, SQL, "-- never now()\nSELECT $1 AS now_known", []),
        (database.engine_sql_has_no_clock, "src/kamao/business/a.sql", "SELECT now()", []),
        (database.engine_sql_names_no_schema, SQL, "SELECT * FROM cell0.trade_order", [("sql-schema", 1)]),
        (
            database.engine_sql_names_no_schema,
            SQL,
            "UPDATE ref_live.pricing_offer SET a = 1",
            [("sql-schema", 1)],
        ),
        (database.engine_sql_names_no_schema, SQL, "SELECT o.id FROM trade_order o", []),
        (
            database.constraint_names,
            SQL,
            "CONSTRAINT amount_positive CHECK (a > 0)",
            [("constraint-name", 1)],
        ),
        (database.constraint_names, SQL, "CONSTRAINT ck_amount CHECK (a > 0)", []),
        (
            database.constraint_names,
            "src/kamao/business/a/models.py",
            'x = models.UniqueConstraint(fields=["a"], name="one_a")\n',
            [("constraint-name", 1)],
        ),
        (
            database.constraint_names,
            "src/kamao/business/a/models.py",
            'x = models.UniqueConstraint(fields=["a"], name="uq_a")\n',
            [],
        ),
    ],
)
def test_database(rule, path, text, expected):
    assert found(rule, path, text) == expected


@pytest.mark.parametrize(
    ("rule", "path", "text", "expected"),
    [
        (words.later, "src/a.py", "# TO~DO: later\n", [("later", 1)]),
        (words.later, "src/a.py", "raise NotImplemented~Error\n", [("later", 1)]),
        (words.later, "src/a.py", "todo_list = []\n", []),
        (words.skipped_test, "tests/test_a.py", "@pytest.mark.sk~ip\n", [("skipped-test", 1)]),
        (words.skipped_test, "tests/test_a.py", "pytest.sk~ip('no')\n", [("skipped-test", 1)]),
        (
            words.registry_address,
            "requirements.lock",
            "--index-url https://py~pi.org/simple\n",
            [("registry-address", 1)],
        ),
        (
            words.registry_address,
            "frontend/package-lock.json",
            '"https://registry.npm~js.org/a"',
            [("registry-address", 1)],
        ),
        (words.registry_address, "requirements.lock", "django==5.2 --hash=sha256:abc\n", []),
        (words.machine_path, "docs/a.md", "see `/wo~rk/main/x`\n", [("machine-path", 1)]),
        (words.machine_path, "kamao", "cd /ro~ot/project\n", [("machine-path", 1)]),
        (words.machine_path, "src/a.py", 'path("/rooted/", root / "work")\n', []),
    ],
)
def test_words(rule, path, text, expected):
    # The tilde keeps this file itself clean.
    assert found(rule, path, text.replace("~", "")) == expected


HEADER = 'msgid ""\nmsgstr "Content-Type: text/plain; charset=UTF-8\\n"\n\n'


@pytest.mark.parametrize(
    ("entry", "complaints"),
    [
        ('msgid "Order"\nmsgstr "订单"\n', 0),
        ('msgid "Order"\nmsgstr ""\n', 1),
        ('#, fuzzy\nmsgid "Order"\nmsgstr "订单"\n', 1),
        ('#, python-format\nmsgid "%(count)s orders"\nmsgstr "%(number)s 个订单"\n', 1),
        ('#, python-format\nmsgid "%(count)s orders"\nmsgstr "%(count)s 个订单"\n', 0),
    ],
)
def test_translations(entry, complaints):
    path = "src/kamao/portals/kit/locale/zh_Hans/LC_MESSAGES/django.po"
    assert len(found(translations.translated, path, HEADER + entry)) == complaints


def test_every_rule_says_why():
    assert all(rule.__doc__ and len(rule.__doc__) > 60 for rule in RULES)


def test_the_checkout_keeps_the_rules():
    assert [str(one) for one in findings(checkout_sources())] == []
