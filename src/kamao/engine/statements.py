"""Engine SQL: one statement a file, named after what it does. Owns reading them; refuses a name without a
file.
"""

from functools import cache
from pathlib import Path
from typing import LiteralString

_HERE = Path(__file__).parent


@cache
def statement(name: str) -> LiteralString:
    """Return the statement ``<module>/<name>`` from ``<module>/sql/<name>.sql``.

    Calling it literal is sound: the text comes from a file of this package, never from input.
    """
    module, _, file = name.partition("/")
    text: LiteralString = (_HERE / module / "sql" / f"{file}.sql").read_text(encoding="utf-8")
    return text
